import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestApp, type TestApp } from '../../../tests/support/app.ts';
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { createTenant, type TestKey, type TestTenant } from '../../../tests/support/tenant.ts';
import { type Database, openDatabase } from '../../runtime/database/database.ts';
import { newId } from '../../runtime/ids.ts';
import { createAdmission } from '../admission/admit-work.ts';
import type { SpendCaps } from './rules.ts';
import { createSpender, type Spending } from './spender.ts';
import { sweepReservations } from './sweep-reservations.ts';

let now = new Date();
const clock = { now: () => now };
const NO_CAPS = { userMicroUsd: 1e9, tenantMicroUsd: 1e9, globalMicroUsd: 1e9 };

let database: TestDatabase;
/** As many processes with connections of their own. */
let processes: Database[];
let app: TestApp;
let tenant: TestTenant;
let neighbour: TestTenant;
/** Each test has a day of its own, since the sum of all tenants is one per day. */
let day = 0;
beforeAll(async () => {
  database = await createTestDatabase();
  app = await createTestApp({ clock, db: database.db });
  const { url, systemUrl } = database.info;
  processes = Array.from({ length: 3 }, () => openDatabase({ url, systemUrl, maxConnections: 8 }));
});
beforeEach(async () => {
  day += 1;
  now = new Date(Date.UTC(2026, 10, day, 22));
  tenant = await createTenant(database);
  neighbour = await createTenant(database);
});
afterAll(async () => {
  await app.close();
  for (const one of processes) await one.close();
  await database.close();
});

const spending = (of: TestTenant, about: Partial<Spending> = {}): Spending => ({
  scope: of.scope,
  key: newId(),
  kind: 'scan',
  auditId: newId(),
  leadId: null,
  ...about,
});
const spenderOf = (caps: Partial<SpendCaps>, db = database.db) =>
  createSpender({ db, clock, caps: { ...NO_CAPS, ...caps } });
const today = () => now.toISOString().slice(0, 10);
async function spentOf(of: TestTenant): Promise<number> {
  const [row] = await database.admin`select spent_micro_usd from spend_days
    where tenant_id = ${of.id} and day = ${today()}`;
  return Number(row?.spent_micro_usd ?? 0);
}
const entriesOf = (of: TestTenant) =>
  database.admin`select key, state, reserved_micro_usd::int as reserved, spent_micro_usd::int as spent
    from spend_entries where tenant_id = ${of.id} order by id`;
/** How many of many reservations at once, by all processes, found room. */
async function reserveAtOnce(count: number, caps: Partial<SpendCaps>, tenants: TestTenant[]) {
  const all = Array.from({ length: count }, (_, n) =>
    spenderOf(caps, processes[n % processes.length]).reserve(spending(tenants[n % tenants.length]!), 100),
  );
  const ended = await Promise.allSettled(all);
  for (const one of ended)
    if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'budget_exceeded' });
  return ended.filter(({ status }) => status === 'fulfilled').length;
}

describe('a reservation', () => {
  // sabotage: src/control/spend/spender.ts :: if (spent) requireWithinCaps(spent, { caps, day, now, patience }); =>
  test('never passes the cap of a tenant, however many come at once from several processes', async () => {
    expect(await reserveAtOnce(60, { tenantMicroUsd: 1_050 }, [tenant])).toBe(10);
    expect(await spentOf(tenant)).toBe(1_000);
    expect(await entriesOf(tenant)).toHaveLength(10);
    expect(await reserveAtOnce(1, { tenantMicroUsd: 1_050 }, [neighbour])).toBe(1);
  });

  // sabotage: src/control/spend/repository.ts :: await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('agos spend', 0))`); =>
  test('never passes the cap of all tenants together', async () => {
    const others = await Promise.all(Array.from({ length: 6 }, () => createTenant(database)));
    expect(await reserveAtOnce(80, { globalMicroUsd: 1_050 }, [tenant, neighbour, ...others])).toBe(10);
    const [sum] = await database.admin`select sum(spent_micro_usd)::int as spent from spend_days
      where day = ${today()}`;
    expect(sum?.spent).toBe(1_000);
  });

  // sabotage: src/control/spend/repository.ts :: const added = await tx => await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('agos spend', 0))`); const added = await tx
  test('that waits for its own tenant keeps no other tenant waiting', async () => {
    const spender = spenderOf({});
    await spender.reserve(spending(tenant), 100);
    const neighbours = await database.admin.begin(async (sql) => {
      await sql`select 1 from spend_days where tenant_id = ${tenant.id} for update`;
      const own = spender.reserve(spending(tenant), 100);
      await sleep(300);
      const ended = spender.reserve(spending(neighbour), 100).then(() => 'reserved');
      return { own, ended: await Promise.race([ended, sleep(2_000, 'waits')]) };
    });
    expect(neighbours.ended).toBe('reserved');
    await neighbours.own;
    expect(await spentOf(tenant)).toBe(200);
  });

  test('is refused with a sentence and the moment when there is room again', async () => {
    const refused = spenderOf({ tenantMicroUsd: 99 }).reserve(spending(tenant), 100);
    const tomorrow = new Date(Date.UTC(2026, 10, day + 1));
    await expect(refused).rejects.toMatchObject({
      code: 'budget_exceeded',
      status: 429,
      message: expect.stringMatching(
        /^The budget of .* for this day is used up: there is room again from .* 00:00 UTC on\.$/,
      ),
      details: {
        available_at: tomorrow.toISOString(),
        retryAfterSeconds: 7_200,
        look_again_ms: 1_800_000,
        give_up_after_ms: 30 * 24 * 3_600_000,
      },
    });
    expect(await entriesOf(tenant)).toHaveLength(0);
    now = tomorrow;
    await spenderOf({ tenantMicroUsd: 100 }).reserve(spending(tenant), 100);
    now = new Date(Date.UTC(2026, 10, day, 22));
  });

  const asUser = (id: string) => ({ ...tenant.scope, actor: { ...tenant.scope.actor, id } });
  const monthOf = async (user: string) => {
    const rows = await database.admin`select month::text, spent_micro_usd::int as spent from spend_months
      where tenant_id = ${tenant.id} and user_id = ${user} order by month`;
    return rows.map(({ month, spent }) => [month, spent]);
  };

  // sabotage: src/control/spend/spender.ts :: if (spent.userMicroUsd > caps.userMicroUsd) => if (spent.userMicroUsd < 0)
  test('never passes the cap of a user in a month, over its days and by several processes', async () => {
    const { operator, admin } = tenant.keys;
    const reserve = (n: number, key: TestKey) =>
      spenderOf({ userMicroUsd: 1_050 }, processes[n % processes.length]).reserve(
        spending(tenant, { scope: asUser(key.id) }),
        100,
      );
    for (let at = 0; at < 4; at += 1) await reserve(at, operator);
    const first = now;
    now = new Date(now.getTime() + 24 * 3_600_000);
    const ended = await Promise.allSettled(Array.from({ length: 30 }, (_, n) => reserve(n, operator)));
    expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(6);
    await reserve(0, admin);
    expect([await monthOf(operator.id), await monthOf(admin.id)]).toEqual([
      [['2026-11-01', 1_000]],
      [['2026-11-01', 100]],
    ]);
    const december = new Date(Date.UTC(2026, 11, 1));
    await expect(reserve(0, operator)).rejects.toMatchObject({
      code: 'budget_exceeded',
      message:
        'Your budget of 0.00105 USD for this month is used up: there is room again from 2026-12-01 00:00 UTC on.',
      details: { available_at: december.toISOString(), look_again_ms: 1_800_000 },
    });
    now = december;
    await reserve(0, operator);
    expect(await monthOf(operator.id)).toEqual([
      ['2026-11-01', 1_000],
      ['2026-12-01', 100],
    ]);
    now = first;
  });

  // sabotage: src/control/spend/repository.ts :: if (ended.user !== null) await correctMonth(tx, { ...change, user: ended.user }); =>
  test('counts in the month that it was made in, for whoever made the key, and gives back there', async () => {
    const made = await app.request('POST', '/v1/keys', {
      headers: tenant.keys.admin.headers,
      json: { name: 'one more', role: 'operator' },
    });
    const what = spending(tenant, { scope: asUser(made.body.id) });
    const [evening, midnight] = [new Date('2026-11-30T23:59:00Z'), new Date('2026-12-01T00:01:00Z')];
    now = evening;
    await spenderOf({}).reserve(what, 100);
    now = midnight;
    await spenderOf({}).settle(what, 30);
    expect(await monthOf(tenant.keys.admin.id)).toEqual([['2026-11-01', 30]]);
    expect(await monthOf(made.body.id)).toEqual([]);
  });

  test('of the same attempt is made once', async () => {
    const what = spending(tenant);
    const spender = spenderOf({ tenantMicroUsd: 150 });
    await Promise.all(Array.from({ length: 5 }, () => spender.reserve(what, 100)));
    expect(await spentOf(tenant)).toBe(100);
  });

  test('is settled once with what was measured, which gives back or takes the difference', async () => {
    const spender = spenderOf({ tenantMicroUsd: 150 });
    const [first, second] = [spending(tenant), spending(tenant)];
    await spender.reserve(first, 100);
    let written = 0;
    const also = async (_tx: unknown, spent: number) => {
      written += spent;
    };
    for (let at = 0; at < 3; at += 1) await spender.settle(first, 30, also);
    expect([await spentOf(tenant), written]).toEqual([30, 30]);
    await spender.reserve(second, 100);
    await spender.settle(second, 'reserved', also);
    expect([await spentOf(tenant), written]).toEqual([130, 130]);
    await expect(spender.reserve(spending(tenant), 21)).rejects.toMatchObject({ code: 'budget_exceeded' });
  });
});

describe('what a killed worker has reserved', () => {
  const charged: [string, number][] = [];
  const sweep = (at = clock) =>
    sweepReservations({
      db: database.db,
      clock: at,
      charge: async (_tx, { key }, microUsd) => void charged.push([key, microUsd]),
    });

  // sabotage: src/control/spend/sweep-reservations.ts :: entry.kind === 'model_call' => entry.kind !== 'model_call'
  test('is ended by the sweep: a model call counts as reserved, a scan is released', async () => {
    // What the tests before have left.
    await sweep();
    charged.length = 0;
    const spender = spenderOf({});
    const [scan, call, done] = [spending(tenant), spending(tenant, { kind: 'model_call' }), spending(tenant)];
    for (const one of [scan, call, done]) await spender.reserve(one, 100);
    await spender.settle(done, 7);
    expect(await sweep()).toBe(0);
    const later = new Date(now.getTime() + 15 * 60_000 + 1);
    expect(await sweep({ now: () => later })).toBe(2);
    expect(await sweep({ now: () => later })).toBe(0);
    expect([...(await entriesOf(tenant))].map(({ key, ...rest }) => [key, rest])).toEqual([
      [scan.key, { state: 'released', reserved: 100, spent: 0 }],
      [call.key, { state: 'settled', reserved: 100, spent: 100 }],
      [done.key, { state: 'settled', reserved: 100, spent: 7 }],
    ]);
    expect(await spentOf(tenant)).toBe(107);
    expect(charged).toEqual([[call.key, 100]]);
    await spender.settle(scan, 55);
    expect(await spentOf(tenant)).toBe(107);
  });
});

test('a tenant reads what it spends today and this month, and nothing of another tenant', async () => {
  const spender = spenderOf({});
  const [audit, another] = [newId(), newId()];
  const parts: [Partial<Spending>, number | null][] = [
    [{ auditId: audit }, 200],
    [{ auditId: audit, kind: 'model_call' }, 50],
    [{ auditId: another }, 301],
    [{ auditId: another }, null],
  ];
  for (const [about, spent] of parts) {
    const what = spending(tenant, about);
    // What nobody ends is the reader's own.
    if (spent === null)
      what.scope = { ...what.scope, actor: { ...what.scope.actor, id: tenant.keys.operator.id } };
    await spender.reserve(what, 1_000);
    if (spent !== null) await spender.settle(what, spent);
  }
  await spender.reserve(spending(neighbour), 9_999);
  const read = async (key: TestKey) => app.request('GET', '/v1/spend', { headers: key.headers });
  expect((await read(tenant.keys.operator)).body).toEqual({
    today: {
      day: today(),
      resets_at: new Date(Date.UTC(2026, 10, day + 1)).toISOString(),
      spent_micro_usd: 1_551,
      cap_micro_usd: 10_000_000,
      remaining_micro_usd: 10_000_000 - 1_551,
    },
    yours: {
      month: '2026-11',
      resets_at: '2026-12-01T00:00:00.000Z',
      spent_micro_usd: 1_000,
      cap_micro_usd: 10_000_000,
      remaining_micro_usd: 9_999_000,
    },
    month: {
      month: '2026-11',
      scans_micro_usd: 501,
      model_calls_micro_usd: 50,
      triages: 2,
      triage_micro_usd: 276,
      triage_target_micro_usd: 7_000,
    },
  });
  expect((await read(tenant.keys.viewer)).status).toBe(403);
});

describe('the breaker', () => {
  // sabotage: src/control/admission/admit-work.ts :: createBudgetCheck(deps.caps), =>
  test.each(['userMicroUsd', 'tenantMicroUsd', 'globalMicroUsd'] as const)(
    'lets no work begin on a day or in a month without room for it: %s',
    async (cap) => {
      await spenderOf({}).reserve(spending(tenant), 5_000);
      const admit = (limit: number) =>
        database.db.withTenant(tenant.scope, (tx) =>
          createAdmission({
            clock,
            caps: { ...NO_CAPS, [cap]: limit },
          })({ tx, scope: tenant.scope }, { kind: 'triage', principal: tenant.keys.owner.id }),
        );
      await expect(admit(11_999)).rejects.toMatchObject({
        code: 'budget_exceeded',
        details: {
          available_at: new Date(
            cap === 'userMicroUsd' ? Date.UTC(2026, 11, 1) : Date.UTC(2026, 10, day + 1),
          ).toISOString(),
        },
      });
      await expect(admit(12_000)).resolves.toBeUndefined();
    },
  );
});
