import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { testRequests } from '../../../tests/support/requests.ts';
import { insertLead } from '../../../tests/support/rows.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import type { TriageRoomInput } from '../../../workflows/triage/triage-room/messages.ts';
import { loadPlaybooks } from '../playbooks/load.ts';
import { beginTriage } from './begin-triage.ts';

let database: TestDatabase;
let tenant: TestTenant;
beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTenant(database);
});
afterAll(() => database.close());

// sabotage: src/triage/triage-room/begin-triage.ts :: trigger: input.trigger ?? 'api', => trigger: 'api',
test.each([
  ['import', 'import'],
  ['api', 'api'],
  [undefined, 'api'],
] as const)("the agent's run says what asked for it: %s", async (trigger, stored) => {
  const lead = await insertLead(database, { tenant: tenant.id, createdBy: tenant.keys.owner.id });
  const run = await database.db.withTenant(tenant.scope, async (tx) => {
    const ctx = { tx, scope: tenant.scope, requestId: null, address: null };
    const { run } = await testRequests.requestTriage(ctx, { leadId: lead, ...(trigger && { trigger }) });
    const claimedBy = { temporalRunId: 'first', firstTemporalRunId: 'first' };
    const input = run.input as TriageRoomInput;
    await beginTriage({ tx, now: new Date(), playbooks: loadPlaybooks(), claimedBy }, input);
    return run;
  });
  const rows = await database.admin`select trigger from agent_runs where run_id = ${run.id}`;
  expect([...rows]).toEqual([{ trigger: stored }]);
});
