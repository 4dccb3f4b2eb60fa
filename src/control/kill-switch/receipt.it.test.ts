import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { insertRun, insertWebhookAttempt } from '../../../tests/support/rows.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { openPool, type Pool } from '../../runtime/database/pool.ts';
import { newId } from '../../runtime/ids.ts';
import { awaitReceipt, readReceipt } from './receipt.ts';

let database: TestDatabase;
let owner: Pool;
let tenant: TestTenant;
beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTenant(database);
  owner = openPool({
    url: database.info.adminUrl,
    connections: 1,
    waitMs: undefined,
    tooLate: () => new Error('the owner has one connection'),
    idleInTransactionMs: 10_000,
  });
});
afterAll(async () => {
  await owner.close();
  await database.close();
});

/** A switch of the tenant's that is turned on now. */
const switchedNow = () => ({ tenant: tenant.id, turnedOnAt: new Date(), turnedOffAt: null });
const inTransaction = <T>(fn: (tx: Tx) => Promise<T>) => database.db.withTenant(tenant.scope, fn);

/** A step that is at work; the returned function ends it. */
async function stepAtWork(): Promise<() => Promise<unknown>> {
  const { admin } = database;
  const by = tenant.keys.owner.id;
  const run = await insertRun(database, { tenant: tenant.id, createdBy: by });
  const id = newId();
  await admin`insert into run_steps (tenant_id, id, run_id, step, worker, created_by)
    values (${tenant.id}, ${id}, ${run}, 'fetch_site', 'machine:7', ${by})`;
  return () => admin`update run_steps set ended_at = clock_timestamp(), outcome = 'stopped' where id = ${id}`;
}

// sabotage: src/control/kill-switch/receipt.ts :: const { steps, webhooks } = await inTransaction((tx) => readAtWork(tx, switched)); => const { steps, webhooks } = await inTransaction(async (tx) => (await readReceipt(tx, switched), readAtWork(tx, switched)));
test('while it waits for workers it looks at what is at work only, and counts what had happened before once', async () => {
  const end = await stepAtWork();
  let transactions = 0;
  let reads = 0;
  const counting = <T>(fn: (tx: Tx) => Promise<T>) =>
    inTransaction((tx) => {
      transactions += 1;
      const select = (...args: Parameters<Tx['select']>) => {
        reads += 1;
        return tx.select(...args);
      };
      return fn(Object.assign(Object.create(tx), { select }));
    });
  const reading = awaitReceipt(counting, switchedNow());
  await sleep(600);
  await end();
  expect(await reading).toMatchObject({ notStopped: [], acknowledged: [{ outcome: 'stopped' }] });
  expect(transactions).toBeGreaterThan(2);
  expect(reads - 2 * transactions, 'what the last of them reads beside what is at work').toBe(7);
});

test('a step that ends while the rest is counted is told as it is then', async () => {
  const end = await stepAtWork();
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const { promise: locked, resolve: hold } = Promise.withResolvers<void>();
  const holding = database.admin.begin(async (sql) => {
    await sql`lock table audits in access exclusive mode`;
    hold();
    await ended;
  });
  await locked;
  const reading = inTransaction((tx) => readReceipt(tx, switchedNow()));
  await sleep(300);
  await end();
  resolve();
  await holding;
  expect(await reading).toMatchObject({ notStopped: [] });
});

// sabotage: src/control/kill-switch/receipt.ts :: if (steps.every(hasAcknowledged) && webhooks.every(isAnsweredFor)) break; => if (steps.every(hasAcknowledged)) break;
// sabotage: src/control/kill-switch/webhook-attempts.ts :: gt(webhookAttempts.startedAt, longBefore(from)), =>
test('a webhook on its way is waited for, one that was lost with its worker long ago is not', async () => {
  const { admin } = database;
  const of = { tenant: tenant.id, createdBy: tenant.keys.owner.id };
  await insertWebhookAttempt(database, of, { agoMs: 600_000 });
  const delivery = await insertWebhookAttempt(database, of);
  const switched = switchedNow();
  expect(await inTransaction((tx) => readReceipt(tx, switched))).toMatchObject({
    webhooks: { acknowledged: [], notStopped: [{ deliveryId: delivery }] },
  });
  const reading = awaitReceipt(inTransaction, switched);
  await sleep(900);
  await admin`update webhook_attempts set status_code = 204 where delivery_id = ${delivery}`;
  expect(await reading).toMatchObject({
    webhooks: { acknowledged: [{ deliveryId: delivery, statusCode: 204 }], notStopped: [] },
  });
});

// sabotage: src/control/kill-switch/receipt.ts :: await sleep(NOTED_WITHIN_MS); =>
test('what looked at the switch just before it was turned on, and notes that it begins just after, is waited for', async () => {
  const reading = awaitReceipt(inTransaction, switchedNow());
  await sleep(100);
  const end = await stepAtWork();
  await sleep(800);
  await end();
  expect(await reading).toMatchObject({ acknowledged: [{ outcome: 'stopped' }], notStopped: [] });
});

// sabotage: migrations/0037_webhook_attempts_end.sql :: CREATE INDEX "webhook_attempts_started" ON "webhook_attempts" USING btree ("started_at","tenant_id"); => SELECT 1;
// sabotage: migrations/0030_indexes_of_receipts.sql :: CREATE INDEX "runs_ended" ON "runs" USING btree ("ended_at","tenant_id"); => SELECT 1;
// sabotage: migrations/0030_indexes_of_receipts.sql :: CREATE INDEX "audits_completed" ON "audits" USING btree ("completed_at","tenant_id"); => SELECT 1;
test('of many runs, steps, audits and webhooks none is read that is not told of, for a tenant and for everybody', async () => {
  const { admin } = database;
  const by = tenant.keys.owner.id;
  await admin`insert into runs (tenant_id, id, kind, workflow_id, input, status, created_by, requested_at, ended_at)
    select ${tenant.id}, gen_random_uuid(), 'triage-room', 'triage:' || n, '{}', 'completed', ${by},
      now() - interval '9 days', now() - interval '8 days' from generate_series(1, 20000) n`;
  await admin`insert into run_steps (tenant_id, id, run_id, step, worker, created_by, started_at, ended_at, outcome)
    select tenant_id, gen_random_uuid(), id, 'fetch_site', 'machine:7', created_by, requested_at, ended_at, 'done'
    from runs where ended_at is not null`;
  await admin`insert into audits (tenant_id, id, run_id, url, status, playbook_slug, playbook_version, agent_slug,
      agent_version, created_by, completed_at)
    select tenant_id, gen_random_uuid(), id, 'https://a.example/', 'completed', 'triage-standard', '1.0.0', 'triage',
      '1.0.0', created_by, ended_at from runs where ended_at is not null`;
  await insertWebhookAttempt(database, { tenant: tenant.id, createdBy: by }, { agoMs: 600_000 });
  await admin`insert into webhook_attempts (tenant_id, id, delivery_id, started_at, ended_at, status_code)
    select a.tenant_id, gen_random_uuid(), a.delivery_id, now() - interval '9 days', now() - interval '9 days', 204
    from (select * from webhook_attempts limit 1) a, generate_series(1, 20000) n`;
  await admin`vacuum analyze runs, run_steps, audits, webhook_attempts, webhook_deliveries`;
  const scansOf = async (tx: Tx, tenantId: string | null) => {
    const scans = async () => {
      const { rows } = await tx.execute<{
        n: number;
      }>(`select sum(seq_scan)::int as n from pg_stat_xact_user_tables
        where relname in ('runs', 'run_steps', 'audits', 'webhook_attempts')`);
      return rows[0]!.n;
    };
    const before = await scans();
    const receipt = await readReceipt(tx, { ...switchedNow(), tenant: tenantId });
    expect(receipt.before.audits.count).toBe(0);
    return (await scans()) - before;
  };
  expect(await inTransaction((tx) => scansOf(tx, tenant.id))).toBe(0);
  expect(await owner.transaction('owner', 'begin', (tx) => scansOf(tx, null))).toBe(0);
});
