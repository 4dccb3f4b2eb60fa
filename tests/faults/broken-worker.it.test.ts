import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { alertsOf, passOver, TEST_ALERT_LIMITS } from '../support/alerts.ts';
import type { Lead } from '../support/triage-room.ts';
import { startTriageRoom, type TriageRoom } from '../support/triage-room.ts';
import { newPayloadKey, startTestWorker } from '../temporal/support/worker.ts';

let room: TriageRoom;
beforeAll(async () => {
  room = await startTriageRoom();
});
afterAll(() => room?.close());

// Row 21: payload cannot be decoded (wrong key), activity always throws: bounded attempts, parked state
// with reason, alert, others run.
describe.concurrent('an activity that always throws', () => {
  test('in a scan: three attempts, the lead is held with a reason and an alert, other leads run on', async () => {
    // sabotage: src/control/alerts/hold-alarms.ts :: internal_error: broken('A step failed for a reason of our own: the worker log says which.'), => internal_error: null,
    const broken = await room.lead('hartleys-plumbing', { on: { fetch: alwaysThrow }, inBatch: true });
    const others = await Promise.all([1, 2].map(() => room.lead('hartleys-plumbing')));
    await Promise.all([broken, ...others].map((lead) => room.triage(lead)));
    for (const lead of others) {
      await expect(room.handle(lead).result()).resolves.toMatchObject({ status: 'qualified' });
    }
    await expect(room.handle(broken).result()).resolves.toMatchObject({ hold_code: 'internal_error' });
    expect(room.scanner.callsOf(broken.host)).toHaveLength(3);
    await expectParked(broken);
    await expectAlert('leads_held', 'internal_error');
  });

  test('beside the database: five attempts, and the lead is held with a reason and an alert', async () => {
    // sabotage: temporal/failures.ts :: nonRetryable: attempt >= UNEXPECTED_ATTEMPTS, => nonRetryable: false,
    const broken = await room.lead('hartleys-plumbing', {
      inBatch: true,
      on: { measure: () => loseFactsOf(broken) },
    });
    await room.triage(broken);
    await expect(room.handle(broken).result()).resolves.toMatchObject({ hold_code: 'internal_error' });
    expect(await attemptsOf(broken, 'scoreAudit')).toBe(5);
    await expectParked(broken);
    await expectAlert('leads_held', 'internal_error');
  }, 40_000);
});

describe('a worker with the wrong payload key', () => {
  test('beside a sound one: every lead ends, decided or held with a reason', async () => {
    const wrong = await startWrongWorker(['workflows', 'fetch', 'browser']);
    const leads = await Promise.all([1, 2, 3].map(() => room.lead('hartleys-plumbing')));
    for (const lead of leads) await room.triage(lead);
    for (const lead of leads) {
      await vi.waitUntil(async () => (await room.state(lead)).run.ended_at !== null, {
        timeout: 90_000,
        interval: 200,
      });
      const { lead: row } = await room.state(lead);
      expect([row.status, row.hold_code]).toSatisfy(
        ([status, hold]) => (status === 'qualified' && hold === null) || (status === 'new' && hold !== null),
      );
    }
    await wrong.stop();
  }, 120_000);

  test('alone on the workflows: after so many failures in a row its lead is parked, others run afterwards', async () => {
    // sabotage: temporal/observer.ts :: const state = failures >= stuckAfterFailures ? 'stuck' : 'open'; => const state = 'open';
    await room.stopWorker();
    const wrong = await startWrongWorker(['workflows']);
    const stuck = await room.lead('hartleys-plumbing', { inBatch: true });
    await room.triage(stuck);
    await vi.waitUntil(
      async () => {
        await room.reconcile();
        return (await standingAlerts('workflow_task_failing')).length > 0;
      },
      { timeout: 60_000, interval: 500 },
    );
    expect((await room.state(stuck)).run, 'told of while it fails, not when it is ended').toMatchObject({
      ended_at: null,
    });
    await vi.waitUntil(
      async () => {
        await room.reconcile({ stuckAfterFailures: 3 });
        return (await room.state(stuck)).lead.hold_code !== null;
      },
      { timeout: 60_000, interval: 500 },
    );
    const state = await room.state(stuck);
    expect(state.lead).toMatchObject({ status: 'new', hold_code: 'run_stuck' });
    expect(state.lead.hold_message).toContain('payload key');
    expect(state.run).toMatchObject({ status: 'failed', end_code: 'run_stuck' });
    expect(state.item).toMatchObject({ state: 'error' });
    expect((await room.handle(stuck).describe()).status.name).toBe('TERMINATED');
    await expectAlert('leads_held', 'run_stuck');
    expect(await standingAlerts('workflow_task_failing'), 'the run fails no more').toEqual([]);
    await wrong.stop();
    await room.startWorker();
    const after = await room.lead('hartleys-plumbing');
    await room.triage(after);
    await expect(room.handle(after).result()).resolves.toMatchObject({ status: 'qualified' });
  }, 120_000);
});

const alwaysThrow = () => {
  throw new TypeError('a mistake in our own code');
};

/** The tenant's open alerts of a kind, after a pass; two failures in a row are enough of them here. */
async function standingAlerts(kind: string) {
  const { database } = room.app;
  await passOver(database, { limits: { ...TEST_ALERT_LIMITS, taskFailures: 2 } });
  const all = await alertsOf(database, room.tenant.id);
  return all.filter((alert) => alert.kind === kind && alert.status === 'raised');
}

/** Raised, and told to whoever listens. */
async function expectAlert(kind: string, subject: string): Promise<void> {
  const alert = (await standingAlerts(kind)).find((one) => one.subject === subject);
  expect(alert).toMatchObject({ severity: 'critical' });
  const { admin } = room.app.database;
  const events = await admin`select 1 from events where tenant_id = ${room.tenant.id}
    and type = 'alert.raised' and data ->> 'alert_id' = ${alert?.id}`;
  expect(events).toHaveLength(1);
}

async function loseFactsOf(lead: Lead): Promise<void> {
  await room.app.database.admin`update audits set facts = '{}' where lead_id = ${lead.id}`;
}

async function expectParked(lead: Lead): Promise<void> {
  const { lead: row, run, audit, agentRun, item } = await room.state(lead);
  expect(row).toMatchObject({ status: 'new', hold_code: 'internal_error', awaiting: null });
  expect(row.hold_message).toContain('worker log');
  expect(run).toMatchObject({ status: 'completed', end_code: 'internal_error' });
  expect(run.ended_at).not.toBeNull();
  expect(audit).toMatchObject({ status: 'held', hold_code: 'internal_error' });
  expect(agentRun).toMatchObject({ status: 'failed' });
  expect(item).toMatchObject({ state: 'error' });
}

async function attemptsOf(lead: Lead, activity: string): Promise<number> {
  const { events } = await room.handle(lead).fetchHistory();
  const scheduled = events?.find(
    ({ activityTaskScheduledEventAttributes: one }) => one?.activityType?.name === activity,
  );
  const started = events?.find(
    ({ activityTaskStartedEventAttributes: one }) =>
      one && String(one.scheduledEventId) === String(scheduled?.eventId),
  );
  return started?.activityTaskStartedEventAttributes?.attempt ?? 0;
}

/** A second worker that somebody gave another key. */
function startWrongWorker(queues: ('workflows' | 'fetch' | 'browser')[]) {
  return startTestWorker({
    target: room.server.target,
    payloadKeys: newPayloadKey('wrong'),
    workflowsPath: join(import.meta.dirname, '../../workflows/index.ts'),
    queues,
    // None is ever called: their arguments cannot be read.
    activities: Object.fromEntries(
      ['fetchSite', 'inspectPage', 'checkLinks'].map((name) => [name, alwaysThrow]),
    ),
  });
}
