import { afterAll, beforeAll, expect, test } from 'vitest';
import { alertsOf, passOver } from '../../../tests/support/alerts.ts';
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { TEST_CAPS } from '../../../tests/support/requests.ts';
import { insertLead, insertRun } from '../../../tests/support/rows.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import type { EvaluateDeps } from './evaluate.ts';

let now = new Date('2026-11-26T12:00:00Z');
let database: TestDatabase;
let tenants: TestTenant[];
beforeAll(async () => {
  database = await createTestDatabase();
  tenants = [await createTenant(database), await createTenant(database)];
});
afterAll(() => database.close());

const warned: { message: string; about: Record<string, unknown> }[] = [];
const pass = (overrides: Partial<EvaluateDeps> = {}) => {
  now = new Date(now.getTime() + 60_000);
  const warn = (message: string, about: Record<string, unknown>) => void warned.push({ message, about });
  return passOver(database, { clock: { now: () => now }, warn, ...overrides });
};
const newest = async () => (await alertsOf(database)).at(-1);
const ownerOf = (who: TestTenant) => ({ tenant: who.id, createdBy: who.keys.owner.id });

test('what only an operator can mend is told of once for all tenants, without naming them', async () => {
  for (const who of tenants) {
    await insertLead(database, ownerOf(who), {
      hold_code: 'browser_sandbox_unavailable',
      hold_message: 'A test.',
      hold_since: now.toISOString(),
    });
  }
  await pass();
  const alert = await newest();
  expect(alert).toMatchObject({ kind: 'leads_held', subject: 'browser_sandbox_unavailable', count: 2 });
  expect(alert?.summary).toContain('They are of 2 tenants.');
  for (const { id } of tenants) expect(alert?.summary).not.toContain(id);
  expect(warned).toMatchObject([{ message: 'alert.raised', about: { alert_id: alert?.id } }]);
  await database.admin`update leads set hold_code = null, hold_message = null, hold_since = null`;
  await pass();
  expect(await newest()).toMatchObject({ status: 'resolved', resolution: 'cause_gone' });
});

test('runs that fail at a step are counted over tenants', async () => {
  for (const who of tenants) {
    const id = await insertRun(database, ownerOf(who));
    await database.admin`update runs set task_failures = 4, claimed_at = now() where id = ${id}`;
  }
  await pass();
  expect(await newest()).toMatchObject({ kind: 'workflow_task_failing', subject: 'triage-room', count: 2 });
  expect((await newest())?.summary).toContain('2 runs of 2 tenants fail');
  await database.admin`update runs set ended_at = now(), status = 'completed'`;
  await pass();
  expect(await newest()).toMatchObject({ status: 'resolved' });
});

test('the budget of all tenants together', async () => {
  for (const who of tenants) {
    await database.admin`insert into spend_days (tenant_id, day, spent_micro_usd)
      values (${who.id}, '2026-11-26', 45000000)`;
  }
  await pass({ caps: { ...TEST_CAPS, tenantMicroUsd: 0, globalMicroUsd: 100_000_000 } });
  expect(await newest()).toMatchObject({ kind: 'global_budget', subject: '2026-11-26/80' });
  await pass({ caps: { ...TEST_CAPS, tenantMicroUsd: 0, globalMicroUsd: 1_000_000_000 } });
  expect(await newest()).toMatchObject({ status: 'resolved' });
});

test('a slow queue, until it waits less than half of what is too long; no answer of Temporal ends nothing', async () => {
  const slow = (oldestMs: number) =>
    pass({ queueDelays: async () => [{ queue: 'browser', waiting: 7, oldestMs }] });
  await slow(299_999);
  expect(await newest()).not.toMatchObject({ kind: 'queue_delay' });
  await slow(300_000);
  const raised = await newest();
  expect(raised).toMatchObject({ kind: 'queue_delay', subject: 'browser', severity: 'critical', count: 7 });
  await slow(150_000);
  expect(await newest()).toMatchObject({ status: 'raised', last_seen_at: now });
  await pass({ queueDelays: async () => null });
  expect(await newest()).toMatchObject({ id: raised?.id, status: 'raised' });
  await slow(149_999);
  expect(await newest()).toMatchObject({ id: raised?.id, status: 'resolved' });
});

// sabotage: src/control/alerts/evaluate.ts :: return null; => throw error;
test('a tenant that cannot be looked at keeps no other from it, and ends nothing', async () => {
  const [broken, sound] = tenants as [TestTenant, TestTenant];
  for (const who of tenants) {
    await insertLead(database, ownerOf(who), {
      hold_code: 'internal_error',
      hold_message: 'A test.',
      hold_since: now.toISOString(),
    });
  }
  await pass();
  const { db } = database;
  const hurt: EvaluateDeps['db'] = {
    ...db,
    withTenant: (scope, fn) =>
      scope.tenant === broken.id ? Promise.reject(new Error('hurt')) : db.withTenant(scope, fn),
  };
  await database.admin`update leads set hold_code = null, hold_message = null, hold_since = null`;
  await pass({ db: hurt });
  expect((await alertsOf(database, broken.id)).at(-1)).toMatchObject({ status: 'raised' });
  expect((await alertsOf(database, sound.id)).at(-1)).toMatchObject({ status: 'resolved' });
  expect(await newest()).toMatchObject({ subject: 'internal_error', status: 'raised' });
  expect(warned.at(-1)).toMatchObject({ about: { tenant: broken.id, reason: 'hurt' } });
});
