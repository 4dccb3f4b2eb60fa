import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { testRequests } from '../../../tests/support/requests.ts';
import { insertLead } from '../../../tests/support/rows.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import type { TriageRoomInput } from '../../../workflows/triage/triage-room/messages.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { loadPlaybooks } from '../playbooks/load.ts';
import { beginTriage } from './begin-triage.ts';
import { finishTriage, holdTriage } from './settle-triage.ts';

let database: TestDatabase;
let tenant: TestTenant;
beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTenant(database);
});
afterAll(() => database.close());

const inTenant = <T>(fn: (tx: Tx) => Promise<T>) => database.db.withTenant(tenant.scope, fn);

/** A triage that has scored its site. */
async function scored(): Promise<TriageRoomInput> {
  const lead = await insertLead(database, { tenant: tenant.id, createdBy: tenant.keys.owner.id });
  const input = await inTenant(async (tx) => {
    const ctx = { tx, scope: tenant.scope, requestId: null, address: null };
    const { run } = await testRequests.requestTriage(ctx, { leadId: lead });
    const claimedBy = { temporalRunId: 'first', firstTemporalRunId: 'first' };
    await beginTriage(
      { tx, now: new Date(), playbooks: loadPlaybooks(), claimedBy },
      run.input as TriageRoomInput,
    );
    return run.input as TriageRoomInput;
  });
  await database.admin`update audits set score = 80, decision = 'qualified', reasons = '["Old."]',
    signals = '[{"id": "a"}]' where id = ${input.audit_id}`;
  return input;
}

async function rowsOf(input: TriageRoomInput) {
  const { admin } = database;
  const [lead] = await admin`select status, score, reasons, hold_code from leads where id = ${input.lead_id}`;
  const [audit] = await admin`select status, score::int, decision, reasons, signals, hold_code from audits
    where id = ${input.audit_id}`;
  const [agentRun] = await admin`select status, error from agent_runs where id = ${input.audit_id}`;
  const [run] = await admin`select status, end_code from runs where id = ${input.run_id}`;
  return { lead, audit, agentRun, run };
}

const end = { decision: 'qualified', decidedBy: 'score', reason: null } as const;
const hold = { code: 'cancelled', message: 'Somebody cancelled it.' } as const;

// sabotage: src/triage/triage-room/settle-triage.ts :: if (audit?.status === 'completed') return leaveFinished(ctx, input, audit); =>
test('a triage that has its result keeps it, whoever wants to hold it a moment later', async () => {
  const input = await scored();
  await inTenant((tx) => finishTriage({ tx, now: new Date() }, input, end));
  const finished = await rowsOf(input);
  expect(finished).toMatchObject({
    lead: { status: 'qualified', hold_code: null },
    audit: { status: 'completed', score: 80 },
    run: { status: 'completed', end_code: null },
  });
  const held = await inTenant((tx) => holdTriage({ tx, now: new Date() }, input, hold));
  expect(held).toEqual({ status: 'qualified', score: 80, hold_code: null });
  expect(await rowsOf(input)).toEqual(finished);
});

test('one that has no result yet is held', async () => {
  const input = await scored();
  const held = await inTenant((tx) => holdTriage({ tx, now: new Date() }, input, hold));
  expect(held).toEqual({ status: 'held', score: null, hold_code: 'cancelled' });
  expect(await rowsOf(input)).toMatchObject({
    lead: { status: 'new', hold_code: 'cancelled' },
    audit: { status: 'held', score: null, signals: [] },
    agentRun: { status: 'cancelled' },
    run: { status: 'cancelled', end_code: 'cancelled' },
  });
});
