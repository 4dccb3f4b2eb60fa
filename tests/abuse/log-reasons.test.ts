import { DrizzleQueryError } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { deliverCancels } from '../../activities/journal/deliver-cancels.ts';
import { type SettleDeps, settleLostRuns } from '../../activities/journal/settle-lost-runs.ts';
import { startUnmarkedRuns } from '../../activities/journal/sweep-runs.ts';
import { wakeAll } from '../../src/control/webhooks/wake.ts';
import { systemClock as clock } from '../../src/runtime/clock.ts';
import type { Database } from '../../src/runtime/database/database.ts';

const PERSON = 'ada@acme.example';
const fail = async () => {
  throw new DrizzleQueryError('select $1', [PERSON], new Error('the connection is gone'));
};
/** A database whose system door finds this, and whose tenants' door does not open. */
const broken = (found: unknown[]) =>
  ({ withSystem: async () => found, withTenant: fail }) as unknown as Database;

const RUN = { id: 'a run', tenantId: 'a tenant', createdBy: 'somebody', workflowId: 'a workflow' };
const ROW = { tenant: 'a tenant', principalId: 'somebody', runId: 'a run', workflowId: 'a workflow' };

type Warn = SettleDeps['warn'];
const settle = (warn: Warn, observe: SettleDeps['observer']['observe']) =>
  settleLostRuns({
    observer: { observe, terminate: fail },
    reconcilers: [
      { name: 'an area', findInFlight: async () => [{ ...ROW, taskFailures: 0 }], hold: async () => fail() },
    ],
    noteTaskFailures: fail,
    warn,
  });
const OPEN = { temporalRunId: 'the newest', failures: 3 };

// sabotage: src/control/webhooks/wake.ts :: reason: quotedOf(error) => reason: String(error)
// sabotage: activities/journal/sweep-runs.ts :: reason: quotedOf(error) => reason: String(error)
// sabotage: activities/journal/deliver-cancels.ts :: reason: quotedOf(error) => reason: String(error)
// sabotage: activities/journal/settle-lost-runs.ts :: hold.code), reason: quotedOf(error) => hold.code), reason: String(error)
test.each<[string, (warn: Warn) => Promise<unknown>]>([
  ['starts a run', (warn) => startUnmarkedRuns({ db: broken([RUN]), clock, gateway: { start: fail }, warn })],
  ['cancels one', (warn) => deliverCancels({ db: broken([RUN]), clock, gateway: { signal: fail }, warn })],
  ['wakes webhooks', (warn) => wakeAll({ db: broken([{ tenant: 'a tenant' }]), start: fail, warn })],
  ['looks after a run', (warn) => settle(warn, fail)],
  ['notes its failures', (warn) => settle(warn, async () => ({ ...OPEN, state: 'open' }))],
  ['ends it', (warn) => settle(warn, async () => ({ ...OPEN, state: 'stuck' }))],
  ['holds what it left', (warn) => settle(warn, async () => ({ state: 'not_found' }))],
])('what %s says in the log why it failed, and nothing of people', async (_, work) => {
  const lines: string[] = [];
  await work((message, about) => lines.push(JSON.stringify({ message, ...about })));
  expect(lines.join()).toContain('Failed query: select $1');
  expect(lines.join()).not.toContain(PERSON);
});
