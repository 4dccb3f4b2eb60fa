import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createRunReconciler } from '../../../activities/journal/run-reconciler.ts';
import { RUN_END_HOOKS } from '../../../temporal/run-end-hooks.ts';
import { createTestApp, type TestApp } from '../../../tests/support/app.ts';
import { testRequests } from '../../../tests/support/requests.ts';
import { insertLead } from '../../../tests/support/rows.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import type { TriageRoomInput } from '../../../workflows/triage/triage-room/messages.ts';
import type { RunRow } from '../../journal/runs/repository.ts';
import { lockLead } from '../../leads/leads/repository.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { loadPlaybooks } from '../playbooks/load.ts';
import { beginTriage } from './begin-triage.ts';

let app: TestApp;
let tenant: TestTenant;
beforeAll(async () => {
  app = await createTestApp();
  tenant = await createTenant(app.database);
});
afterAll(() => app.close());

const CLAIMED_BY = { temporalRunId: 'first', firstTemporalRunId: 'first' };
const inTenant = <T>(fn: (tx: Tx) => Promise<T>) => app.database.db.withTenant(tenant.scope, fn);
const ask = (tx: Tx, leadId: string) =>
  testRequests.requestTriage({ tx, scope: tenant.scope, requestId: null, address: null }, { leadId });
const begin = (tx: Tx, run: RunRow) =>
  beginTriage(
    { tx, now: new Date(), playbooks: loadPlaybooks(), claimedBy: CLAIMED_BY },
    run.input as TriageRoomInput,
  );
const cancel = (run: RunRow) =>
  app.request('POST', `/v1/runs/${run.id}/cancel`, { headers: tenant.keys.operator.headers });
const reconcile = ({ id: runId, workflowId }: RunRow) =>
  createRunReconciler({ db: app.database.db, clock: systemClock, runEndHooks: RUN_END_HOOKS }).hold(
    { tenant: tenant.id, principalId: tenant.keys.owner.id, runId, workflowId },
    { code: 'run_lost', message: 'Gone.' },
  );

/** Takes the lead, lets `ender` run into it, then goes on to the run as asking and beginning do. */
async function cross(
  ender: (run: RunRow) => Promise<unknown>,
  goOn: (tx: Tx, run: RunRow) => Promise<unknown>,
) {
  const leadId = await insertLead(app.database, { tenant: tenant.id, createdBy: tenant.keys.owner.id });
  const { run } = await inTenant((tx) => ask(tx, leadId));
  const { promise: ended, resolve } = Promise.withResolvers<unknown>();
  await inTenant(async (tx) => {
    await lockLead(tx, tenant.id, leadId);
    resolve(ender(run));
    await vi.waitUntil(isWaiting, { timeout: 10_000, interval: 20 });
    await goOn(tx, run);
  });
  return ended;
}

async function isWaiting(): Promise<boolean> {
  const [row] = await app.database.admin`select count(*)::int as n from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  return row!.n > 0;
}

// sabotage: src/journal/runs/cancel-run.ts :: if (seen) await lockBeforeRun(deps.runEndHooks, tx, seen); =>
test.each([
  ['asked for again', 200, (tx: Tx, run: RunRow) => ask(tx, run.leadId!)],
  ['begun', 202, begin],
] as const)('a run is cancelled in the moment in which it is %s: no deadlock', async (_, status, goOn) => {
  const answer = await cross(async (run) => {
    await app.gateway.start({ ...run, tenant: run.tenantId, runId: run.id, summary: '' });
    return cancel(run);
  }, goOn);
  expect(answer).toMatchObject({ status });
});

// sabotage: activities/journal/run-reconciler.ts :: await lockBeforeRun(runEndHooks, tx, run); =>
test('a lost run is settled in the moment in which it begins: no deadlock', async () => {
  await expect(cross(reconcile, begin)).resolves.toBeUndefined();
});
