import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { deliverCancels } from '../../../activities/journal/deliver-cancels.ts';
import { createTestApp, type TestApp } from '../../../tests/support/app.ts';
import { insertLead } from '../../../tests/support/rows.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import { systemClock } from '../../runtime/clock.ts';
import { newId } from '../../runtime/ids.ts';
import {
  claimRun,
  endRun,
  findOpenRuns,
  findRun,
  findUnmarked,
  markStarted,
  type RunRow,
  requestRun,
} from './repository.ts';
import { startRun } from './start-run.ts';

let app: TestApp;
let tenant: TestTenant;
beforeAll(async () => {
  app = await createTestApp();
});
beforeEach(async () => {
  tenant = await createTenant(app.database);
  app.gateway.up = true;
});
afterAll(() => app.close());

const soon = () => new Date(Date.now() + 60_000);
const inTenant = <T>(fn: Parameters<typeof app.database.db.withTenant<T>>[1]) =>
  app.database.db.withTenant(tenant.scope, fn);

async function request(workflowId = `triage:${newId()}`, leadId: string | null = null) {
  const run = {
    id: newId(),
    tenantId: tenant.id,
    kind: 'triage-room' as const,
    workflowId,
    input: {},
    leadId,
  };
  return inTenant((tx) => requestRun(tx, { ...run, createdBy: tenant.keys.owner.id }));
}
const FIRST = { temporalRunId: 'first', firstTemporalRunId: 'first' };
const startDeps = () => ({ db: app.database.db, gateway: app.gateway, clock: systemClock });
const read = (run: RunRow) => inTenant((tx) => findRun(tx, tenant.id, run.id));
const key = (run: RunRow) => ({ tenant: tenant.id, id: run.id, now: new Date() });

describe('requesting', () => {
  test('20 requests at once for one workflow id get one and the same run', async () => {
    const workflowId = `triage:${newId()}`;
    const answers = await Promise.all(Array.from({ length: 20 }, () => request(workflowId)));
    expect(new Set(answers.map(({ run }) => run.id)).size).toBe(1);
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
  });

  test('once it has ended, the workflow id gets a new run', async () => {
    const { run } = await request();
    await inTenant((tx) => endRun(tx, { ...key(run), status: 'completed', code: null, message: null }));
    const again = await request(run.workflowId);
    expect([again.created, again.run.id === run.id]).toEqual([true, false]);
  });

  test('a request that rolls back leaves no run', async () => {
    const workflowId = `triage:${newId()}`;
    const failing = inTenant(async (tx) => {
      const row = { id: newId(), tenantId: tenant.id, kind: 'triage-room' as const, workflowId, input: {} };
      await requestRun(tx, { ...row, createdBy: tenant.keys.owner.id });
      throw new Error('the change failed');
    });
    await expect(failing).rejects.toThrow('the change failed');
    expect((await request(workflowId)).created).toBe(true);
  });
});

describe('starting', () => {
  test('a started run is marked, and found no more by the sweep', async () => {
    const { run } = await request();
    expect(
      (await findUnmarked(app.database.db, { requestedBefore: soon(), limit: 1000 })).map(({ id }) => id),
    ).toContain(run.id);
    expect(await startRun(startDeps(), run)).toBe('started');
    expect(await read(run)).toMatchObject({ status: 'started', temporalRunId: expect.any(String) });
    expect(
      (await findUnmarked(app.database.db, { requestedBefore: soon(), limit: 1000 })).map(({ id }) => id),
    ).not.toContain(run.id);
    const open = await findOpenRuns(app.database.db, { startedBefore: soon(), limit: 1000 });
    expect(open.map(({ id }) => id)).toContain(run.id);
  });

  // sabotage: src/journal/runs/start-run.ts :: current?.status === 'requested' ? => true ?
  test.each(['started', 'ended'])(
    'a run that was %s since the sweep read it is not started again',
    async (how) => {
      const { run } = await request();
      const end = { ...key(run), status: 'completed', code: null, message: null } as const;
      await (how === 'started' ? startRun(startDeps(), run) : inTenant((tx) => endRun(tx, end)));
      const before = app.gateway.started.length;
      expect(await startRun(startDeps(), run)).toBe('not_needed');
      expect(app.gateway.started).toHaveLength(before);
    },
  );

  test('while Temporal is away nothing fails, and the sweep finds the run', async () => {
    const { run } = await request();
    app.gateway.up = false;
    expect(await startRun(startDeps(), run)).toBe('unavailable');
    const unmarked = await findUnmarked(app.database.db, { requestedBefore: soon(), limit: 1000 });
    expect(unmarked.map(({ id }) => id)).toContain(run.id);
  });

  test('while the workflow of the run before is still open, the new run waits for the sweep', async () => {
    const { run: before } = await request();
    await startRun(startDeps(), before);
    await inTenant((tx) => endRun(tx, { ...key(before), status: 'completed', code: null, message: null }));
    const { run } = await request(before.workflowId);
    expect(await startRun(startDeps(), run)).toBe('already_running');
    expect((await read(run))?.status).toBe('requested');
  });

  test('starting work answers also while Temporal is down, with the run and its address', async () => {
    const leadId = await insertLead(app.database, { tenant: tenant.id, createdBy: tenant.keys.owner.id });
    app.gateway.up = false;
    const { headers } = tenant.keys.owner;
    const answer = await app.request('POST', `/v1/leads/${leadId}/triage`, { headers });
    expect(answer.status, answer.text).toBe(202);
    const run = await app.request('GET', answer.headers.get('location')!, { headers });
    expect([run.status, run.body.status, run.body.lead_id]).toEqual([200, 'requested', leadId]);
  });
});

describe('claiming', () => {
  test('the workflow claims its run, also in a second attempt; one that ended unseen is nobody’s', async () => {
    const { run } = await request();
    const claim = () => inTenant((tx) => claimRun(tx, { ...key(run), ...FIRST }));
    expect((await claim())?.status).toBe('running');
    expect((await claim())?.status).toBe('running');
    await inTenant((tx) => markStarted(tx, { ...key(run), temporalRunId: 'late' }));
    expect(await read(run)).toMatchObject({ status: 'running', temporalRunId: 'first' });

    const { run: unseen } = await request();
    await inTenant((tx) =>
      endRun(tx, { ...key(unseen), status: 'cancelled', code: 'cancelled', message: 'x' }),
    );
    expect(await inTenant((tx) => claimRun(tx, { ...key(unseen), ...FIRST }))).toBeNull();
  });

  // sabotage: src/journal/runs/repository.ts :: eq(runs.firstTemporalRunId, first) => sql`true`
  test('an ended run is claimed once more by a reset of its workflow, never by a second start', async () => {
    const { run } = await request();
    const claim = (temporalRunId: string, firstTemporalRunId: string) =>
      inTenant((tx) => claimRun(tx, { ...key(run), temporalRunId, firstTemporalRunId }));
    await claim('first', 'first');
    await inTenant((tx) => endRun(tx, { ...key(run), status: 'completed', code: null, message: null }));
    expect(await claim('second', 'second')).toBeNull();
    expect(await claim('reset', 'first')).toMatchObject({ status: 'completed', temporalRunId: 'reset' });
    expect(await claim('reset again', 'first')).toMatchObject({ temporalRunId: 'reset again' });
  });

  test('an end that was found from outside gives way to the workflow’s own, no other end does', async () => {
    const { run } = await request();
    await inTenant((tx) => claimRun(tx, { ...key(run), ...FIRST }));
    const end = (status: 'failed' | 'completed' | 'cancelled', code: string | null) =>
      inTenant((tx) => endRun(tx, { ...key(run), status, code, message: null }));
    expect(await end('failed', 'run_terminated')).toBeTruthy();
    expect(await end('completed', null)).toBeTruthy();
    expect(await end('failed', 'run_lost')).toBeFalsy();
    expect(await read(run)).toMatchObject({ status: 'completed', endCode: null });
  });
});

describe('cancelling over HTTP', () => {
  const cancel = (id: string, json?: unknown) =>
    app.request('POST', `/v1/runs/${id}/cancel`, {
      headers: tenant.keys.operator.headers,
      ...(json !== undefined && { json }),
    });

  async function requestTriage(): Promise<{ leadId: string; runId: string }> {
    const leadId = await insertLead(app.database, { tenant: tenant.id, createdBy: tenant.keys.owner.id });
    const { headers } = tenant.keys.operator;
    const { body } = await app.request('POST', `/v1/leads/${leadId}/triage`, { headers });
    return { leadId, runId: body.id };
  }

  test('a run that Temporal has not seen ends at once, and its lead gets the hold', async () => {
    app.gateway.up = false;
    const { leadId, runId } = await requestTriage();
    const answer = await cancel(runId, { reason: 'wrong lead' });
    expect([answer.status, answer.body.status, answer.body.end.code]).toEqual([
      200,
      'cancelled',
      'cancelled',
    ]);
    const lead = await app.request('GET', `/v1/leads/${leadId}`, { headers: tenant.keys.owner.headers });
    expect([lead.body.status, lead.body.hold.code]).toEqual(['new', 'cancelled']);
    const log = await app.request('GET', `/v1/audit-log?action=run.cancelled&resource_id=${runId}`, {
      headers: tenant.keys.owner.headers,
    });
    expect(log.body.data).toHaveLength(1);
    const again = await cancel(runId);
    expect([again.status, again.body]).toEqual([200, answer.body]);
    const other = { headers: tenant.keys.owner.headers };
    expect((await app.request('POST', `/v1/runs/${runId}/cancel`, other)).body.error).toBe('run_ended');
  });

  test('a run that Temporal has started is told, and goes on until its workflow ends it', async () => {
    const { runId } = await requestTriage();
    const answer = await cancel(runId);
    expect([answer.status, answer.body.status]).toEqual([202, 'started']);
    expect(answer.body.cancel_requested_at).not.toBeNull();
    expect(answer.headers.get('location')).toBe(`/v1/runs/${runId}`);
    const [row] = await app.database.admin`select workflow_id from runs where id = ${runId}`;
    expect(app.gateway.signals).toContainEqual({
      workflowId: row!.workflow_id,
      signal: 'cancel',
      argument: { reason: null },
    });
  });

  test('when Temporal is away it cannot be told: 503 with Retry-After', async () => {
    const { runId } = await requestTriage();
    app.gateway.up = false;
    const answer = await cancel(runId);
    expect([answer.status, answer.body.error, answer.headers.get('retry-after')]).toEqual([
      503,
      'temporal_unavailable',
      '5',
    ]);
    expect(answer.body.message).toContain('recorded');
  });

  // sabotage: src/journal/runs/cancel-run.ts :: if (isFirst) { => if (run) {
  // sabotage: activities/journal/deliver-cancels.ts :: await deliverCancel(deps, ctx, run); =>
  test('a cancellation that could not be delivered is recorded once, and delivered once by the sweep', async () => {
    await pass();
    const { runId } = await requestTriage();
    app.gateway.up = false;
    for (const reason of ['wrong lead', 'again']) expect((await cancel(runId, { reason })).status).toBe(503);
    expect(await auditOf(runId)).toEqual(['run.cancel_requested']);
    expect(await pass()).toBe(0);
    app.gateway.up = true;
    const before = app.gateway.signals.length;
    expect([await pass(), await pass()]).toEqual([1, 0]);
    expect(app.gateway.signals.slice(before)).toEqual([
      expect.objectContaining({ signal: 'cancel', argument: { reason: 'wrong lead' } }),
    ]);
  });

  const pass = () => deliverCancels({ ...startDeps(), warn: () => undefined });

  async function auditOf(runId: string): Promise<string[]> {
    const rows = await app.database.admin`select action from audit_log where resource_id = ${runId}`;
    return rows.map(({ action }) => action);
  }
});
