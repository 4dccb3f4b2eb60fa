import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TEST_CAPS } from '../../../tests/support/requests.ts';
import { type Lead, startTriageRoom, type TriageRoom } from '../../../tests/support/triage-room.ts';

let room: TriageRoom;
beforeAll(async () => {
  room = await startTriageRoom();
});
afterAll(() => room?.close());

const headers = () => room.tenant.keys.operator.headers;
const progress = async (lead: Lead) =>
  (await room.app.request('GET', `/v1/leads/${lead.id}/progress`, { headers: headers() })).body;
const untilPaused = (lead: Lead, step: string) =>
  expect
    .poll(() => progress(lead), { timeout: 30_000, interval: 100 })
    .toMatchObject({ step, paused: { code: 'budget_exceeded' } });
const entriesOf = async (lead: Lead) => {
  const { audit } = await room.state(lead);
  return room.app.database.admin`select state, spent_micro_usd::int as spent from spend_entries
    where audit_id = ${audit?.id as string}`;
};

describe('spend over the cap in mid-run', () => {
  // sabotage: workflows/lib/budget.ts :: if (failure?.type !== failureTypeOf('budget_exceeded')) throw error; => throw error;
  test('pauses the run with what was done, and it goes on as soon as there is room: no step is done twice', async () => {
    // Room for asking the site, and not for opening it.
    await room.startWorker({ caps: { ...TEST_CAPS, tenantMicroUsd: 450 } });
    const lead = await room.lead('hartleys-plumbing', { inBatch: true });
    await room.triage(lead);
    await untilPaused(lead, 'inspecting');
    const { paused } = await progress(lead);
    expect(Date.parse(paused.until) % 86_400_000).toBe(0);
    expect(Date.parse(paused.until)).toBeGreaterThan(Date.now());
    const { searchAttributes } = await room.handle(lead).describe();
    expect(searchAttributes.AgosStatus).toEqual(['paused:budget_exceeded']);
    const during = await room.state(lead);
    expect(during.lead).toMatchObject({ status: 'scanning', hold_code: null });
    expect(during.item).toMatchObject({ state: 'pending' });
    expect(during.audit?.facts).toHaveProperty('fetch');
    expect(room.scanner.callsOf(lead.host)).toEqual(['fetch']);
    await room.startWorker();
    await expect(room.handle(lead).result()).resolves.toMatchObject({ status: 'qualified', hold_code: null });
    expect(room.scanner.callsOf(lead.host).sort()).toEqual(['fetch', 'inspect', 'links', 'measure']);
    const { audit, agentRun } = await room.state(lead);
    const entries = await entriesOf(lead);
    expect(entries.map(({ state }) => state)).toEqual(Array(4).fill('settled'));
    const spent = entries.reduce((sum, one) => sum + one.spent, 0);
    expect([Number(audit?.cost_micro_usd), Number(agentRun?.cost_micro_usd)]).toEqual([spent, spent]);
  }, 60_000);

  // sabotage: workflows/lib/budget.ts :: if (isLast && patched('give-up-on-the-budget')) throw error; =>
  // sabotage: workflows/triage/triage-room/workflow.ts :: budgetHoldOf(error) ?? =>
  test('holds the lead when no day has had room for it in the end', async () => {
    await room.startWorker({ caps: { ...TEST_CAPS, tenantMicroUsd: 1 }, giveUpAfterMs: 1_200 });
    const lead = await room.lead('hartleys-plumbing');
    await room.triage(lead);
    await untilPaused(lead, 'fetching');
    await expect(room.handle(lead).result()).resolves.toMatchObject({ hold_code: 'budget_exceeded' });
    expect((await room.state(lead)).lead).toMatchObject({ status: 'new', hold_code: 'budget_exceeded' });
    expect(room.scanner.callsOf(lead.host)).toEqual([]);
  }, 30_000);

  test('can be cancelled while it is paused, and the ledger holds no reservation of it', async () => {
    await room.startWorker({ caps: { ...TEST_CAPS, tenantMicroUsd: 1 } });
    const lead = await room.lead('hartleys-plumbing');
    const run = await room.triage(lead);
    await untilPaused(lead, 'fetching');
    await room.app.request('POST', `/v1/runs/${run}/cancel`, { headers: headers() });
    await expect(room.handle(lead).result()).resolves.toMatchObject({ hold_code: 'cancelled' });
    expect(room.scanner.callsOf(lead.host)).toEqual([]);
    expect(await entriesOf(lead)).toHaveLength(0);
  }, 60_000);
});
