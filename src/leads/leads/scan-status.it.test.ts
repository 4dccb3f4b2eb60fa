import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { insertLead } from '../../../tests/support/rows.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import { newId } from '../../runtime/ids.ts';
import { changeLead, findLead } from './repository.ts';
import { awaitDecision, beginScan, finishScan, holdScan, type ScanWriter } from './scan-status.ts';

let database: TestDatabase;
let tenant: TestTenant;
beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTenant(database);
});
afterAll(() => database.close());

const inTenant = <T>(fn: Parameters<typeof database.db.withTenant<T>>[1]) =>
  database.db.withTenant(tenant.scope, fn);
const result = { score: 80, reasons: [], auditId: newId() };
const awaiting = { decision: 'triage_score' as const, approval_id: newId(), until: '2030-01-01T00:00:00Z' };
const hold = { hold: { code: 'cancelled' as const, message: 'Cancelled.' }, auditId: null };

async function ownedLead(status: string): Promise<ScanWriter> {
  const owner = { tenant: tenant.id, createdBy: tenant.keys.owner.id };
  const leadId = await insertLead(database, owner, { status });
  const runId = newId();
  await inTenant((tx) => changeLead(tx, tenant.id, leadId, { currentRunId: runId }));
  return { tenant: tenant.id, leadId, runId, now: new Date() };
}
const statusOf = async ({ leadId }: ScanWriter) =>
  (await inTenant((tx) => findLead(tx, tenant.id, leadId)))?.status;

// sabotage: src/leads/leads/scan-status.ts :: return { ...moveTo(lead, 'scanning'), statusBeforeRun }; => return moveTo(lead, 'scanning');
test.each(['qualified', 'disqualified'] as const)(
  'a run that begins again after it ended as %s goes back there when it cannot finish',
  async (decision) => {
    const writer = await ownedLead('new');
    await inTenant((tx) => beginScan(tx, writer));
    await inTenant((tx) => finishScan(tx, writer, { ...result, decision }));
    await inTenant((tx) => beginScan(tx, writer));
    await inTenant((tx) => beginScan(tx, writer));
    await inTenant((tx) => holdScan(tx, writer, hold));
    expect(await statusOf(writer)).toBe(decision);
  },
);

test('a run that waits again after it was held goes back to where the hold had left the lead', async () => {
  const writer = await ownedLead('disqualified');
  await inTenant((tx) => beginScan(tx, writer));
  await inTenant((tx) => holdScan(tx, writer, hold));
  await inTenant((tx) => awaitDecision(tx, writer, { ...result, awaiting }));
  expect(await statusOf(writer)).toBe('scanning');
  await inTenant((tx) => holdScan(tx, writer, hold));
  expect(await statusOf(writer)).toBe('disqualified');
});
