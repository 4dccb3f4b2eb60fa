import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { InFlight, Reconciler } from '../../activities/journal/reconciler.ts';
import { createRunReconciler } from '../../activities/journal/run-reconciler.ts';
import { createRunActivities } from '../../activities/journal/runs.ts';
import { cancelRun } from '../../src/journal/runs/cancel-run.ts';
import { endRun, findRun, type RunRow, requestRun } from '../../src/journal/runs/repository.ts';
import { systemScope } from '../../src/kernel/actor.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { type Database, openDatabase } from '../../src/runtime/database/database.ts';
import { newId } from '../../src/runtime/ids.ts';
import { createTestDatabase } from '../../src/stack/testing.ts';
import { createGateway } from '../../temporal/gateway.ts';
import { createObserver } from '../../temporal/observer.ts';
import { RUN_END_HOOKS } from '../../temporal/run-end-hooks.ts';
import { ensureSchedules } from '../../temporal/schedules.ts';
import { createRunTestActivities } from './support/run-activities.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { newPayloadKey, startTestWorker, testClient } from './support/worker.ts';

const WORKFLOWS_PATH = fileURLToPath(new URL('./support/run-workflows.ts', import.meta.url));
const CLAIMING = { workflowType: 'claiming', queue: 'workflows', area: 'test' };
const TABLE = { 'triage-room': CLAIMING, 'import-leads': CLAIMING };
/** What the product promises: work begins within one sweep of the server's return. */
const ONE_SWEEP_MS = 10_000;

describe('runs', () => {
  const payloadKeys = newPayloadKey('k1');
  const tenant = newId();
  const scope = systemScope(tenant, newId());
  const held = new Map<string, string>();
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let db: Database;
  let server: TestServer;
  let client: Client;
  let worker: { stop(): Promise<void> };

  beforeAll(async () => {
    const { server: postgresServer, template } = inject('testDatabase');
    [database, server] = await Promise.all([createTestDatabase(postgresServer, template), startTestServer()]);
    db = openDatabase(database.info);
    const admin = postgres(database.info.adminUrl, { max: 1 });
    await admin`insert into tenants (id, name) values (${tenant}, 'Test')`;
    await admin.end();
    client = testClient(server.target, payloadKeys);
    const gateway = createGateway({ client, workflows: TABLE });
    const observer = createObserver(client, { stuckAfterFailures: 3 });
    const reconcilers = [
      createTestArea(db, held),
      createRunReconciler({ db, clock: systemClock, runEndHooks: RUN_END_HOOKS }),
    ];
    worker = await startTestWorker({
      target: server.target,
      payloadKeys,
      workflowsPath: WORKFLOWS_PATH,
      activities: {
        ...createRunTestActivities(db),
        ...createRunActivities({
          db,
          clock: systemClock,
          gateway,
          observer,
          reconcilers,
          endStaleReservations: async () => 0,
        }),
      },
    });
    await ensureSchedules(client, {
      sweepEveryMs: 1_000,
      reconcileEveryMs: 2_000,
      wakeWebhooksEveryMs: 3_600_000,
      alertsEveryMs: 3_600_000,
    });
    await ensureSchedules(client, {
      sweepEveryMs: 1_000,
      reconcileEveryMs: 1_000,
      wakeWebhooksEveryMs: 3_600_000,
      alertsEveryMs: 3_600_000,
    });
  });
  afterAll(async () => {
    await worker?.stop();
    await client?.connection.close();
    await db?.close();
    await database?.drop();
    await server?.stop();
  });

  const requested = async (workflowId = `run:${newId()}`): Promise<RunRow> => {
    const id = newId();
    const run = {
      id,
      tenantId: tenant,
      kind: 'triage-room' as const,
      workflowId,
      input: { tenant, run_id: id },
    };
    return (await db.withTenant(scope, (tx) => requestRun(tx, { ...run, createdBy: scope.actor.id }))).run;
  };
  const current = async (run: RunRow): Promise<RunRow> =>
    (await db.withTenant(scope, (tx) => findRun(tx, tenant, run.id)))!;
  const become = (run: RunRow, expected: Partial<RunRow>, timeout = 15_000) =>
    expect.poll(() => current(run), { timeout, interval: 100 }).toMatchObject(expected);
  const running = async (): Promise<RunRow> => {
    const run = await requested();
    await become(run, { status: 'running' });
    return run;
  };

  test('a committed run that nobody started is started by the Schedule and claimed once', async () => {
    const runs = await Promise.all([requested(), requested(), requested()]);
    for (const run of runs) await become(run, { status: 'running' });
    await client.workflow.getHandle(runs[0]!.workflowId).signal('end');
    await become(runs[0]!, { status: 'completed', endCode: null });
  });

  test('a run whose workflow id is still held by an older run begins when that one is gone', async () => {
    const older = await running();
    await db.withTenant(scope, (tx) =>
      endRun(tx, {
        tenant,
        id: older.id,
        status: 'cancelled',
        code: 'cancelled',
        message: null,
        now: new Date(),
      }),
    );
    const newer = await requested(older.workflowId);
    await sleep(2_500);
    expect(await current(newer)).toMatchObject({ status: 'requested', startedAt: null });
    await client.workflow.getHandle(older.workflowId).signal('end');
    await become(newer, { status: 'running' });
  });

  test.each<[string, string, 'failed' | 'cancelled', (run: RunRow) => Promise<unknown>]>([
    [
      'terminated',
      'run_terminated',
      'failed',
      (run: RunRow) => client.workflow.getHandle(run.workflowId).terminate(),
    ],
    [
      'cancelled',
      'cancelled',
      'cancelled',
      (run: RunRow) => client.workflow.getHandle(run.workflowId).cancel(),
    ],
    ['deleted', 'run_lost', 'failed', deleteWorkflow],
  ])(
    'one that an operator %s is held as %s, and so is what it worked on',
    async (_, code, status, harm) => {
      const [run, other] = [await running(), await running()];
      await harm(run);
      // The server deletes in its own time.
      await become(run, { status, endCode: code }, 60_000);
      expect(held.get(run.id)).toBe(code);
      expect(await current(other)).toMatchObject({ status: 'running' });
      expect(held.has(other.id)).toBe(false);
    },
    90_000,
  );

  test('one that an operator reset is alive: it is claimed again and ends as usual', async () => {
    const run = await running();
    const before = await client.workflow.getHandle(run.workflowId).describe();
    await client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: run.workflowId, runId: before.runId },
      reason: 'test',
      requestId: newId(),
      // Typed as a Long, but any number will do.
      workflowTaskFinishEventId: 4 as never,
    });
    await become(run, { status: 'running', temporalRunId: expect.not.stringMatching(before.runId) });
    await sleep(2_500);
    expect(held.has(run.id)).toBe(false);
    await client.workflow.getHandle(run.workflowId).signal('end');
    await become(run, { status: 'completed' });
  });

  test('one whose payloads cannot be read is ended and held as stuck, while others run', async () => {
    const other = await running();
    const foreign = testClient(server.target, newPayloadKey('lost-key'));
    const run = await requestedAsStarted();
    await foreign.workflow.start('claiming', {
      workflowId: run.workflowId,
      taskQueue: 'workflows',
      args: [run.input],
    });
    await become(run, { status: 'failed', endCode: 'run_stuck' }, 60_000);
    const { status } = await client.workflow.getHandle(run.workflowId).describe();
    expect(status.name).toBe('TERMINATED');
    expect(held.get(run.id)).toBe('run_stuck');
    expect(await current(other)).toMatchObject({ status: 'running' });
    await foreign.connection.close();
  }, 90_000);

  test('work requested while the server is down begins within one sweep of its return', async () => {
    const alive = await running();
    await server.kill();
    const run = await requested();
    await sleep(3_000);
    expect(await current(run)).toMatchObject({ status: 'requested' });
    await server.restart();
    const returnedAt = performance.now();
    await become(run, { status: 'running' }, 30_000);
    expect(performance.now() - returnedAt).toBeLessThan(ONE_SWEEP_MS);
    await client.workflow.getHandle(alive.workflowId).signal('end');
    await become(alive, { status: 'completed' });
  }, 60_000);

  test('a cancellation asked for while the server is down is delivered when it is back', async () => {
    const run = await running();
    await server.kill();
    const deps = { db, gateway: createGateway({ client, workflows: TABLE }), runEndHooks: RUN_END_HOOKS };
    const ctx = { scope, now: new Date(), requestId: null, address: null };
    const cancel = () => cancelRun(deps, ctx, { id: run.id, reason: 'enough' });
    for (const _ of [1, 2]) await expect(cancel()).rejects.toMatchObject({ code: 'temporal_unavailable' });
    expect(await current(run)).toMatchObject({ status: 'running', cancelDeliveredAt: null });
    await server.restart();
    await become(run, { status: 'completed' }, 30_000);
    expect((await current(run)).cancelDeliveredAt).not.toBeNull();
  }, 60_000);

  /** A run whose start Temporal has accepted under another payload key than the worker's. */
  async function requestedAsStarted(): Promise<RunRow> {
    const run = await requested(`stuck:${newId()}`);
    const admin = postgres(database.info.adminUrl, { max: 1 });
    await admin`update runs set started_at = now(), status = 'started' where id = ${run.id}`;
    await admin.end();
    return run;
  }

  async function deleteWorkflow(run: RunRow): Promise<void> {
    const workflowExecution = { workflowId: run.workflowId };
    await client.workflowService.deleteWorkflowExecution({ namespace: 'default', workflowExecution });
  }
});

/** An area whose rows in flight are those of its running runs; it notes what it was told to hold. */
function createTestArea(db: Database, held: Map<string, string>): Reconciler {
  const runs = createRunReconciler({ db, clock: systemClock, runEndHooks: RUN_END_HOOKS });
  return {
    name: 'test',
    findInFlight: runs.findInFlight,
    hold: async (row: InFlight, { code }) => {
      held.set(row.runId, code);
    },
  };
}
