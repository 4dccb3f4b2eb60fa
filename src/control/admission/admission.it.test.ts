import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestApp, type TestApp } from '../../../tests/support/app.ts';
import { TEST_CAPS } from '../../../tests/support/requests.ts';
import { insertLead } from '../../../tests/support/rows.ts';
import { createTenant, type TestKey, type TestTenant } from '../../../tests/support/tenant.ts';
import { newId } from '../../runtime/ids.ts';
import { changePlan, type PlanChange } from '../quotas/change-plan.ts';

const NOVEMBER = new Date('2026-11-24T10:00:00Z');
const ENDS = '2026-12-01T00:00:00.000Z';
const LEFT_SECONDS = (Date.parse(ENDS) - NOVEMBER.getTime()) / 1_000;

let now = NOVEMBER;
let app: TestApp;
let tenant: TestTenant;
beforeAll(async () => {
  app = await createTestApp({ clock: { now: () => now } });
});
beforeEach(async () => {
  now = NOVEMBER;
  tenant = await createTenant(app.database);
});
afterAll(() => app.close());

const buy = (change: PlanChange) => changePlan(app.database.admin, { tenant: tenant.id, now, ...change });
const newLead = () => insertLead(app.database, { tenant: tenant.id, createdBy: tenant.keys.owner.id });
const triage = (lead: string, { headers }: TestKey = tenant.keys.operator, extra = {}) =>
  app.request('POST', `/v1/leads/${lead}/triage`, { headers: { ...headers, ...extra } });
const triageNew = async (key?: TestKey) => triage(await newLead(), key);
const usage = async ({ headers }: TestKey = tenant.keys.operator) =>
  (await app.request('GET', '/v1/usage', { headers })).body;
const creditsOf = (granted: number) =>
  app.database.admin`insert into credit_periods (tenant_id, month, granted)
    values (${tenant.id}, '2026-11-01', ${granted})`;

const TOMORROW = '2026-11-25T00:00:00.000Z';
const spendTheDay = () =>
  app.database.admin`insert into spend_days (tenant_id, day, spent_micro_usd)
    values (${tenant.id}, '2026-11-24', ${TEST_CAPS.tenantMicroUsd})`;

describe('work is refused before it begins', () => {
  const untilDecember = { available_at: ENDS, retryAfterSeconds: LEFT_SECONDS };

  // sabotage: src/control/admission/admit-work.ts :: for (const check of checks) await check(asked); =>
  test.each<[string, () => Promise<unknown>, number, object]>([
    ['quota_exceeded', () => buy({ triage_quota: 0 }), 429, { limit: 0, used: 0, ...untilDecember }],
    ['credits_exhausted', () => creditsOf(0), 402, { limit: 0, used: 0, ...untilDecember }],
    ['budget_exceeded', spendTheDay, 429, { available_at: TOMORROW, retryAfterSeconds: 14 * 3_600 }],
    ...(['past_due', 'cancelled', 'paused'] as const).map(
      (subscription_status): [string, () => Promise<unknown>, number, object] => [
        'subscription_inactive',
        () => buy({ subscription_status }),
        402,
        { subscription_status },
      ],
    ),
  ])('%s', async (code, arrange, status, details) => {
    await arrange();
    const lead = await newLead();
    const answers = [
      await triage(lead),
      await app.request('POST', '/v1/audits', {
        headers: tenant.keys.operator.headers,
        json: { url: 'https://one-off.example/' },
      }),
      await app.request('POST', '/v1/leads', {
        headers: tenant.keys.operator.headers,
        json: { url: `https://${newId()}.example/`, triage: true },
      }),
    ];
    for (const answer of answers) {
      expect([answer.status, answer.body.error]).toEqual([status, code]);
      expect(answer.body.details).toMatchObject(details);
      expect(answer.body.message).toMatch(/\.$/);
      if ('retryAfterSeconds' in details)
        expect(answer.headers.get('retry-after')).toBe(String(details.retryAfterSeconds));
    }
    const runs = await app.database.admin`select 1 from runs where tenant_id = ${tenant.id}`;
    expect(runs).toHaveLength(0);
    expect((await usage()).triages.used).toBe(0);
  });

  test('and a refusal that passes is not kept for its Idempotency-Key', async () => {
    await creditsOf(0);
    const lead = await newLead();
    const again = { 'idempotency-key': newId() };
    expect((await triage(lead, tenant.keys.operator, again)).status).toBe(402);
    await buy({ add_credits: 1 });
    expect((await triage(lead, tenant.keys.operator, again)).status).toBe(202);
  });
});

describe('what is asked for is counted', () => {
  test('once for each run: who asks while one is open, or for a lead that has no scan, uses nothing', async () => {
    const lead = await newLead();
    const [first, second] = [await triage(lead), await triage(lead)];
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.body.id).toBe(first.body.id);
    const won = await insertLead(
      app.database,
      { tenant: tenant.id, createdBy: tenant.keys.owner.id },
      { status: 'closed_won' },
    );
    expect((await triage(won)).status).toBe(422);
    expect(await usage()).toMatchObject({
      plan: 'ignition',
      month: '2026-11',
      resets_at: ENDS,
      triages: { limit: 1_000, used: 1, remaining: 999 },
      credits: { limit: 1_250, used: 1, remaining: 1_249 },
    });
  });

  // sabotage: src/control/quotas/repository.ts :: setWhere: lt(quotaUsage.used, usage.limit), =>
  test('exactly, however many ask at once: the quota of a user', async () => {
    await buy({ triage_quota: 10 });
    const leads = await Promise.all(Array.from({ length: 30 }, newLead));
    const answers = await Promise.all(leads.map((lead) => triage(lead)));
    expect(Object.groupBy(answers, (one) => one.body.error ?? 'taken')).toMatchObject({
      taken: { length: 10 },
      quota_exceeded: { length: 20 },
    });
    expect(await usage()).toMatchObject({ triages: { used: 10, remaining: 0 }, credits: { used: 10 } });
    expect((await triageNew(tenant.keys.admin)).status).toBe(202);
  });

  // sabotage: src/control/quotas/repository.ts :: .where(and(ofMonth(at), lt(creditPeriods.used, creditPeriods.granted))) => .where(ofMonth(at))
  test('exactly, however many ask at once: the credits of a tenant, by all of its users', async () => {
    await creditsOf(10);
    const keys = [tenant.keys.operator, tenant.keys.admin, tenant.keys.owner];
    const leads = await Promise.all(Array.from({ length: 30 }, newLead));
    const answers = await Promise.all(leads.map((lead, at) => triage(lead, keys[at % 3])));
    expect(Object.groupBy(answers, (one) => one.body.error ?? 'taken')).toMatchObject({
      taken: { length: 10 },
      credits_exhausted: { length: 20 },
    });
    const counted = await app.database.admin`select sum(used)::int as used from quota_usage
      where tenant_id = ${tenant.id}`;
    expect(counted[0]?.used).toBe(10);
  });

  // sabotage: src/control/quotas/require-quota.ts :: if ((await openCreditPeriod(tx, { ...at, granted: credits })) && (await takeCredit(tx, at))) return; =>
  test('in a month that no Schedule has opened, also by many at once', async () => {
    const leads = await Promise.all(Array.from({ length: 8 }, newLead));
    const answers = await Promise.all(leads.map((lead) => triage(lead)));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(202));
    expect((await usage()).credits).toEqual({ limit: 1_250, used: 8, remaining: 1_242 });
  });

  // sabotage: src/control/quotas/repository.ts :: on k.tenant_id = ${tenant} and k.id = m.id and k.created_by <> k.id => on false
  test('with whoever made the key: another key is not another quota', async () => {
    await buy({ triage_quota: 2 });
    const makeKey = async (maker: TestKey): Promise<TestKey> => {
      const json = { name: 'one more', role: 'operator' };
      const { body } = await app.request('POST', '/v1/keys', { headers: maker.headers, json });
      return { ...maker, headers: { authorization: `Bearer ${body.key}` } };
    };
    const made = await makeKey(tenant.keys.admin);
    expect((await triageNew(made)).status).toBe(202);
    expect((await triageNew(tenant.keys.admin)).status).toBe(202);
    for (const key of [made, tenant.keys.admin]) {
      expect((await triageNew(key)).body.error).toBe('quota_exceeded');
      expect((await usage(key)).triages).toEqual({ limit: 2, used: 2, remaining: 0 });
    }
    expect((await triageNew(tenant.keys.operator)).status).toBe(202);
  });
});

describe('a plan', () => {
  test('is renewed by the date alone', async () => {
    await buy({ triage_quota: 1 });
    expect((await triageNew()).status).toBe(202);
    expect((await triageNew()).status).toBe(429);
    now = new Date(ENDS);
    expect((await triageNew()).status).toBe(202);
    expect(await usage()).toMatchObject({ month: '2026-12', credits: { limit: 1_250, used: 1 } });
  });

  test('counts from this month on when it grows, and takes nothing back that is used when it shrinks', async () => {
    await triageNew();
    expect(await buy({ plan: 'dominance' })).toMatchObject({
      credits: 4_500,
      credits_used: 1,
      triage_quota: 3_600,
    });
    await app.database.admin`update credit_periods set used = 4000 where tenant_id = ${tenant.id}`;
    expect(await buy({ plan: 'ignition' })).toMatchObject({
      credits: 4_000,
      credits_used: 4_000,
      triage_quota: 1_000,
    });
    const entries = await app.database.admin`select actor_kind, details from audit_log
      where tenant_id = ${tenant.id} and action = 'tenant.plan_changed' order by id`;
    expect(entries.map((one) => [one.actor_kind, one.details])).toEqual([
      ['administrator', { plan: 'dominance' }],
      ['administrator', { plan: 'ignition' }],
    ]);
  });

  test.each(['plan', 'subscription_status', 'status', 'triage_quota', 'credits', 'add_credits'])(
    'is not for its tenant to choose: a body that sets %s',
    async (field) => {
      const read = () => app.request('GET', '/v1/tenant', { headers: tenant.keys.owner.headers });
      const before = await read();
      const json = { name: 'Rich', [field]: 'dominance' };
      const answer = await app.request('PATCH', '/v1/tenant', { headers: tenant.keys.owner.headers, json });
      expect([answer.status, answer.body.error]).toEqual([422, 'unknown_field']);
      expect((await read()).body).toEqual(before.body);
    },
  );
});
