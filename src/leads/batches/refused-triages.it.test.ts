import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestApp, type TestApp } from '../../../tests/support/app.ts';
import { importDeps, readWhole, uploadLeads } from '../../../tests/support/imports.ts';
import { TEST_CAPS, testRequests } from '../../../tests/support/requests.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import type { ImportLeadsInput } from '../../../workflows/leads/import-leads/messages.ts';
import { createAdmission } from '../../control/admission/admit-work.ts';
import { changePlan, type PlanChange } from '../../control/quotas/change-plan.ts';
import { type SpendCaps, TRIAGE_TARGET_MICRO_USD } from '../../control/spend/rules.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createTriageRequests } from '../../triage/triage-room/request-triage.ts';
import { endImport } from './end-import.ts';
import { type PumpDeps, pumpTriages } from './pump-triages.ts';

let app: TestApp;
let tenant: TestTenant;
beforeAll(async () => {
  app = await createTestApp();
});
beforeEach(async () => {
  tenant = await createTenant(app.database);
});
afterAll(() => app.close());

const ROWS = 12;
const csv = `url\n${Array.from({ length: ROWS }, (_, n) => `lead-${n}.example`).join('\n')}\n`;
const buy = (change: PlanChange) =>
  changePlan(app.database.admin, { tenant: tenant.id, now: new Date(), ...change });
const headers = () => tenant.keys.operator.headers;

/** Reads the file and asks for every triage once, as the workflow would. */
async function importAll(): Promise<{ batch: string }> {
  const { id, input } = await uploadLeads(app, tenant, csv);
  await readWhole(app, input);
  await pumpOnce(input, testRequests.requestTriage);
  return { batch: id };
}

function pumpOnce(input: ImportLeadsInput, requestTriage: PumpDeps['requestTriage']) {
  const options = { window: 20, pollMs: 10, durationMs: 0, signal: AbortSignal.timeout(20_000) };
  const deps = { ...importDeps(app), requestTriage, startSoon: async () => undefined };
  return pumpTriages(deps, input, { ...options, onWaiting: () => undefined });
}

const get = async (path: string) => (await app.request('GET', path, { headers: headers() })).body;
const heldLeads = (code: string) => get(`/v1/leads?limit=50&hold_code=${code}`);

// sabotage: src/leads/batches/pump-triages.ts :: await holdUnstarted({ tx, now: clock.now() }, { tenant, id: leadId }, hold); =>
test('an import beyond the quota keeps every lead: those without a triage say why, count as errors and can be tried again', async () => {
  await buy({ triage_quota: 5 });
  const { batch } = await importAll();
  const { counts } = await get(`/v1/batches/${batch}`);
  expect(counts).toMatchObject({ total: ROWS, created: ROWS, error: ROWS - 5, processed: ROWS - 5 });
  const { data: held } = await heldLeads('quota_exceeded');
  expect(held).toHaveLength(ROWS - 5);
  for (const lead of held) {
    expect(lead.status).toBe('new');
    expect(lead.hold.message).toMatch(/^Your 5 triages .*00:00 UTC\. This scan does not start by itself: /);
  }
  const runs = await app.database.admin`select 1 from runs where tenant_id = ${tenant.id}
    and kind = 'triage-room'`;
  expect(runs).toHaveLength(5);
  await buy({ triage_quota: 100 });
  const again = await app.request('POST', `/v1/leads/${held[0].id}/triage`, { headers: headers() });
  expect(again.status).toBe(202);
});

test.each([
  [
    'credits_exhausted',
    () => app.database.admin`insert into credit_periods (tenant_id, month, granted)
    values (${tenant.id}, date_trunc('month', now() at time zone 'utc')::date, 0)`,
  ],
  ['subscription_inactive', () => buy({ subscription_status: 'past_due' })],
] as const)('an import that meets %s holds its leads with it', async (code, arrange) => {
  await arrange();
  const { batch } = await importAll();
  expect((await get(`/v1/batches/${batch}`)).counts).toMatchObject({ created: ROWS, error: ROWS });
  expect((await heldLeads(code)).data).toHaveLength(ROWS);
});

/** Room for one triage on a day on which nothing is spent yet. */
const SPENT = { ...TEST_CAPS, tenantMicroUsd: TRIAGE_TARGET_MICRO_USD };
const spendSomething = () =>
  app.database.admin`insert into spend_days (tenant_id, day, spent_micro_usd)
    values (${tenant.id}, (now() at time zone 'utc')::date, 1)`;

// sabotage: src/leads/batches/rules.ts :: ['kill_switch_on', 'budget_exceeded'] as const; => ['kill_switch_on'] as const;
// sabotage: src/leads/batches/pump-triages.ts :: if (was?.code === is?.code && was?.message === is?.message) return; => if (was !== null) return;
test('an import that meets the end of the budget waits for room, says until when, and goes on by itself', async () => {
  const { id, input } = await uploadLeads(app, tenant, csv);
  await readWhole(app, input);
  const pump = (caps: SpendCaps) => {
    const { requestTriage } = createTriageRequests({
      admitWork: createAdmission({ clock: systemClock, caps }),
    });
    return pumpOnce(input, requestTriage);
  };
  await spendSomething();
  expect(await pump(SPENT)).toMatchObject({ done: false, paused: { code: 'budget_exceeded' } });
  const waiting = await get(`/v1/batches/${id}`);
  expect(waiting).toMatchObject({ status: 'processing', counts: { created: ROWS, processed: 0, error: 0 } });
  expect(waiting.paused.code).toBe('budget_exceeded');
  expect(waiting.paused.message).toMatch(
    /^The budget of .* there is room again from .* 00:00 UTC on\. This import goes on by itself then\.$/,
  );
  expect((await heldLeads('budget_exceeded')).data).toEqual([]);

  // The first look finds out by one lead that there is room again.
  await pump(TEST_CAPS);
  await pump(TEST_CAPS);
  expect(await get(`/v1/batches/${id}`)).toMatchObject({ status: 'processing', paused: null });
  const runs = await app.database.admin`select 1 from runs where tenant_id = ${tenant.id}
    and kind = 'triage-room'`;
  expect(runs).toHaveLength(ROWS);
});

test('an import that was cancelled while it waited for the budget waits for nothing any more', async () => {
  const { id, input } = await uploadLeads(app, tenant, csv);
  await readWhole(app, input);
  await spendSomething();
  const caps = SPENT;
  await pumpOnce(
    input,
    createTriageRequests({ admitWork: createAdmission({ clock: systemClock, caps }) }).requestTriage,
  );
  const end = { status: 'cancelled' as const, failure: null };
  await app.database.db.withTenant(tenant.scope, (tx) => endImport({ tx, now: new Date() }, input, end));
  expect(await get(`/v1/batches/${id}`)).toMatchObject({
    status: 'cancelled',
    paused: null,
    counts: { unprocessed: ROWS },
  });
});

// sabotage: src/control/spend/require-budget.ts :: if (least >= TRIAGE_TARGET_MICRO_USD) return; => return;
test('a budget that never has room for a scan is not waited for: the leads are held and say so', async () => {
  const { id, input } = await uploadLeads(app, tenant, csv);
  await readWhole(app, input);
  const caps = { ...TEST_CAPS, tenantMicroUsd: TRIAGE_TARGET_MICRO_USD - 1 };
  const { requestTriage } = createTriageRequests({
    admitWork: createAdmission({ clock: systemClock, caps }),
  });
  await pumpOnce(input, requestTriage);
  expect(await get(`/v1/batches/${id}`)).toMatchObject({ paused: null, counts: { error: ROWS } });
  for (const lead of (await heldLeads('budget_exceeded')).data)
    expect(lead.hold.message).toMatch(/^A budget of .* has no room for a scan.* nothing can be started\. /);
});

// sabotage: src/control/admission/admit-work.ts :: if (tenant.status !== 'active') throw suspendedError(tenant.status); =>
test('an import goes on for hours: a tenant that is suspended meanwhile starts nothing more', async () => {
  const { input } = await uploadLeads(app, tenant, csv);
  await readWhole(app, input);
  await app.database.admin`update tenants set status = 'suspended' where id = ${tenant.id}`;
  await pumpOnce(input, testRequests.requestTriage);
  expect((await heldLeads('tenant_suspended')).data).toHaveLength(ROWS);
});
