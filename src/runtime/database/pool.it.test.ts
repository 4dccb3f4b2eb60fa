import { setTimeout as sleep } from 'node:timers/promises';
import { eq, type SQL, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import { systemScope } from '../../kernel/actor.ts';
import { leads } from '../../leads/leads/tables.ts';
import { newId } from '../ids.ts';
import { observeDatabase } from '../telemetry/observe-database.ts';
import { createRegistry } from '../telemetry/registry.ts';
import { openDatabase } from './database.ts';
import type { Tx } from './transactions.ts';

let database: TestDatabase;
let tenant: TestTenant;
let other: TestTenant;
beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTenant(database);
  other = await createTenant(database);
});
afterAll(() => database?.close());

const inTenant = <T>(who: TestTenant, fn: (tx: Tx) => Promise<T>) => database.db.withTenant(scopeOf(who), fn);
const scopeOf = ({ id, keys }: TestTenant) => systemScope(id, keys.owner.id);
const backendOf = async (tx: Tx): Promise<number> => {
  const { rows } = await tx.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`);
  return rows[0]!.pid;
};

// sabotage: src/runtime/database/transactions.ts :: if (!isOpen) throw => if (isOpen === undefined) throw
test("a query that comes after its transaction's end does not run in the next one's tenant", async () => {
  const kept = await inTenant(tenant, async (tx) => tx);
  await inTenant(other, async () => {
    await expect(kept.select().from(leads)).rejects.toMatchObject({
      cause: { message: expect.stringContaining('has ended') },
    });
  });
});

// sabotage: src/runtime/database/transactions.ts :: if (command !== 'COMMIT') => if (command === undefined)
test('who goes on after a statement that failed learns that nothing was kept', async () => {
  const work = inTenant(tenant, async (tx) => {
    await tx.execute(sql`select 1/0`).catch(() => undefined);
    return 'done';
  });
  await expect(work).rejects.toThrow('nothing was kept');
});

// sabotage: src/runtime/database/database.ts :: '57P01', =>
test('a connection that is killed in the middle is told as such, and never used again', async () => {
  const killed = inTenant(tenant, async (tx) => {
    const pid = await backendOf(tx);
    await database.admin`select pg_terminate_backend(${pid})`;
    await tx.execute(sql`select pg_sleep(5)`);
  });
  await expect(killed).rejects.toMatchObject({ code: 'database_unavailable' });
  const answers = await Promise.all(Array.from({ length: 20 }, () => inTenant(other, backendOf)));
  expect(answers).toHaveLength(20);
});

// sabotage: src/runtime/database/transactions.ts :: const both = inOneWrite(client, [() => client.query(begin), => const both = inOneWrite(client, [() => client.query('begin'),
test('prepared once, a statement still answers with the rows of the tenant that asks', async () => {
  const { url, systemUrl } = database.info;
  const db = openDatabase({ url, systemUrl, maxConnections: 1 });
  onTestFinished(() => db.close());
  for (const { id, keys } of [tenant, other]) {
    await database.admin`insert into leads (tenant_id, id, url, domain, source, created_by)
      values (${id}, ${newId()}, 'https://prepared.example/', 'prepared.example', 'api', ${keys.owner.id})`;
  }
  const read = (tx: Tx) => tx.select({ tenantId: leads.tenantId }).from(leads).where(eq(leads.source, 'api'));
  for (let round = 0; round < 12; round += 1) {
    for (const who of [tenant, other]) {
      expect(await db.withTenant(scopeOf(who), read)).toEqual([{ tenantId: who.id }]);
    }
  }
  const prepared = await db.withTenant(scopeOf(tenant), async (tx) => {
    const { rows } = await tx.execute(sql`select name, generic_plans + custom_plans as uses
      from pg_prepared_statements where statement like '%from "leads"%'`);
    return rows;
  });
  expect(prepared).toEqual([{ name: expect.stringMatching(/^agos_/), uses: '20' }]);
});

/** A door of one connection, to see what its next user finds, and what the server says of it. */
async function openOne() {
  const { url, systemUrl } = database.info;
  const db = openDatabase({ url, systemUrl, maxConnections: 1 });
  onTestFinished(() => db.close());
  const pid = await db.withTenant(scopeOf(tenant), backendOf);
  const stateOf = async () => {
    const [row] = await database.admin<
      { state: string }[]
    >`select state from pg_stat_activity where pid = ${pid}`;
    return row?.state ?? 'gone';
  };
  const terms = { lockMs: 5_000, statementMs: 5_000, readsOnce: true };
  const readOnce = <T>(who: TestTenant, fn: (tx: Tx) => Promise<T>) => db.withTenant(scopeOf(who), fn, terms);
  return { db, readOnce, stateOf };
}

// sabotage: src/runtime/database/transactions.ts :: trip = inOneWrite(client, [() => client.query(begin), => trip = inOneWrite(client, [() => client.query('begin'),
test('who reads once reads in its own tenant, whoever read before, and no second time', async () => {
  const { readOnce } = await openOne();
  const tenantNow = (tx: Tx) => tx.execute(sql`select current_setting('agos.tenant_id') as id`);
  for (const who of [tenant, other, tenant]) {
    const { rows } = await readOnce(who, tenantNow);
    expect(rows).toEqual([{ id: who.id }]);
  }
  const twice = readOnce(tenant, async (tx) => {
    await tenantNow(tx);
    return tenantNow(tx);
  });
  await expect(twice).rejects.toMatchObject({ cause: { message: expect.stringContaining('has ended') } });
  expect(await readOnce(other, async () => 'nothing asked')).toBe('nothing asked');
});

// sabotage: src/runtime/database/transactions.ts :: ask, () => client.query('commit')]); => ask]);
test('what is read once leaves no transaction behind, also where it failed, and changes nothing', async () => {
  const { readOnce, stateOf } = await openOne();
  await readOnce(tenant, (tx) => tx.select().from(leads));
  expect(await stateOf()).toBe('idle');
  await expect(readOnce(tenant, (tx) => tx.execute(sql`select 1/0`))).rejects.toMatchObject({
    cause: { code: '22012' },
  });
  expect(await stateOf()).toBe('idle');
  await expect(readOnce(tenant, (tx) => tx.delete(leads))).rejects.toMatchObject({
    code: 'database_read_only',
  });
  expect(await stateOf()).toBe('idle');
});

test('a connection that is killed while it reads once is told as such, and not used again', async () => {
  const { readOnce, stateOf } = await openOne();
  const killed = readOnce(tenant, (tx) => tx.execute(sql`select pg_terminate_backend(pg_backend_pid())`));
  await expect(killed).rejects.toMatchObject({ code: 'database_unavailable' });
  expect(await readOnce(tenant, backendOf)).toEqual(expect.any(Number));
  expect(await stateOf()).toBe('gone');
});

test('a transaction begins with its first statement', async () => {
  const { db, stateOf } = await openOne();
  const states = await db.withTenant(scopeOf(tenant), async (tx) => {
    const before = await stateOf();
    await tx.select().from(leads);
    return [before, await stateOf()];
  });
  expect(states).toEqual(['idle', 'idle in transaction']);
});

// sabotage: src/runtime/database/pool.ts :: statement_timeout: Math.floor(options.dropAfterMs * SERVER_GIVES_UP_AT), =>
test('who does not wait longer for an answer has the server give up before, and leaves no work behind', async () => {
  const { url, systemUrl } = database.info;
  const db = openDatabase({ url, systemUrl, maxConnections: 1, dropAfterMs: { tenant: 300, system: 300 } });
  onTestFinished(() => db.close());
  const sleepy = (tx: Tx) => tx.execute(sql`select pg_sleep(4)`);
  const ends = await Promise.allSettled([
    db.withTenant(scopeOf(tenant), sleepy),
    db.withSystem('open_runs', sleepy),
  ]);
  for (const end of ends) expect(end).toMatchObject({ reason: { cause: { code: '57014' } } });
  const [left] = await database.admin`select count(*)::int as n from pg_stat_activity
    where datname = current_database() and query like '%pg_sleep(4)%' and pid <> pg_backend_pid() and state = 'active'`;
  expect(left?.n).toBe(0);
});

// sabotage: src/runtime/database/database.ts :: keepsPlans, tooLate: tooBusy }; => tooLate: tooBusy };
test('only who says so keeps the plans of prepared statements; reads across tenants stay reads in any case', async () => {
  const { url, systemUrl } = database.info;
  for (const [keepsPlans, mode] of [
    [true, 'auto'],
    [false, 'force_custom_plan'],
  ] as const) {
    const db = openDatabase({ url, systemUrl, keepsPlans });
    onTestFinished(() => db.close());
    const settings = async (tx: Tx) =>
      (
        await tx.execute(sql`select current_setting('plan_cache_mode') as mode,
          current_setting('default_transaction_read_only') as reads`)
      ).rows;
    const scope = systemScope(tenant.id, tenant.keys.owner.id);
    expect(await db.withTenant(scope, settings)).toEqual([{ mode, reads: 'off' }]);
    expect(await db.withSystem('open_runs', settings)).toEqual([{ mode, reads: 'on' }]);
  }
});

// sabotage: src/runtime/database/transactions.ts :: () => client.release(isStale()), => () => client.release(),
// sabotage: src/runtime/database/transactions.ts :: client.release(isStale() || ends => client.release(ends
test.each([false, true])(
  'a statement that was prepared before a migration changed its answer fails once and not for ever (reads once: %s)',
  async (readsOnce) => {
    const { url, systemUrl } = database.info;
    const db = openDatabase({ url, systemUrl, maxConnections: 1 });
    onTestFinished(() => db.close());
    const { admin } = database;
    await admin`create table shapes (size integer); grant select on shapes to agos_app`.simple();
    const ask = (text: SQL) =>
      db.withTenant(scopeOf(tenant), (tx) => tx.execute(text), {
        lockMs: 5_000,
        statementMs: 5_000,
        readsOnce,
      });
    const read = () => ask(sql`select size from shapes`);
    const find = () => ask(sql`select 1 from shapes where size = ${'1'}`);
    for (let round = 0; round < 6; round += 1) await Promise.all([read(), find()]);
    await admin`alter table shapes alter column size type text`;
    await expect(read()).rejects.toMatchObject({ cause: { code: '0A000' } });
    for (const same of [read, find]) await expect(same()).resolves.toMatchObject({ rows: [] });
    await admin`alter table shapes alter column size type integer using 1`;
    // Whoever takes it for something else keeps nobody from a new connection.
    await expect(find().catch(() => null)).resolves.toBeNull();
    await expect(find()).resolves.toMatchObject({ rows: [] });
    await admin`drop table shapes`;
  },
);

// sabotage: src/runtime/telemetry/observe-database.ts :: db.withTenant(scope, run, terms) => db.withTenant(scope, run)
test('a transaction with patience gives up by itself, also where it is observed, and the next one has none', async () => {
  const scope = systemScope(tenant.id, tenant.keys.owner.id);
  const observed = observeDatabase(database.db, createRegistry('api'));
  const waiting = (tx: Tx) => tx.execute(sql`select pg_sleep(20)`);
  await expect(observed.withTenant(scope, waiting, { lockMs: 50, statementMs: 50 })).rejects.toMatchObject({
    cause: { code: '57014' },
  });
  const limit = await inTenant(tenant, (tx) => tx.execute(sql`show statement_timeout`));
  expect(limit.rows).toEqual([{ statement_timeout: '0' }]);
});

// sabotage: src/runtime/database/database.ts :: const mostForOne = Math.ceil(maxConnections / 2); => const mostForOne = maxConnections;
test("one tenant's slow reads take half of the connections, so that another's is not delayed", async () => {
  const { url, systemUrl } = database.info;
  const db = openDatabase({ url, systemUrl, waitMs: 1_500 });
  onTestFinished(() => db.close());
  const sleepy = (tx: Tx) => tx.execute(sql`select pg_sleep(3)`);
  const slow = Array.from({ length: 10 }, () => db.withTenant(scopeOf(tenant), sleepy));
  const ended = Promise.allSettled(slow);
  await sleep(200);
  const begun = performance.now();
  await db.withTenant(scopeOf(other), backendOf);
  await db.oneTrip('select 1', []);
  expect(performance.now() - begun).toBeLessThan(1_000);
  const answers = await ended;
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
});
