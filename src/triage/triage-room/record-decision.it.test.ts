import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import { openApproval } from '../../control/approvals/repository.ts';
import { createTickets } from '../../control/approvals/tickets.ts';
import { newId } from '../../runtime/ids.ts';
import { recordDecision } from './record-decision.ts';

const AT = new Date('2026-11-21T10:00:00Z');
const LATER = new Date('2026-11-21T10:10:00Z');
const BY_EXPIRY = { outcome: 'qualified', reason: null, ticket: null, via: 'expiry' } as const;

let now = AT;
const tickets = createTickets({
  signingSecret: 'a signing secret for tests, 32 characters and more',
  clock: { now: () => now },
});

let database: TestDatabase;
let tenant: TestTenant;
beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTenant(database);
});
afterAll(() => database.close());

/** A wait for a decision, and how one is recorded on it at a moment. */
async function waiting() {
  const ids = { run_id: newId(), audit_id: newId(), lead_id: null, principal_id: tenant.keys.owner.id };
  const approval = await database.db.withTenant(tenant.scope, (tx) =>
    openApproval(tx, {
      tenantId: tenant.id,
      kind: 'triage_score',
      runId: ids.run_id,
      workflowId: 'triage:test',
      arguments: { audit_id: ids.audit_id },
      policyVersion: 'triage-standard@1.0.0',
      decidableBy: ['owner'],
      defaultOutcome: 'qualified',
      expiresAt: LATER,
      createdBy: ids.principal_id,
    }),
  );
  const of = (role: 'owner' | 'operator') => async () => {
    const { id: approvalId, argumentsDigest: digest } = approval;
    const by = {
      actorKind: 'key' as const,
      actorId: tenant.keys[role].id,
      requestId: newId(),
      address: null,
      userAgent: null,
    };
    const claims = { tenant: tenant.id, approvalId, digest, outcome: 'disqualified', ...by };
    const ticket = await tickets.sign(claims);
    return { outcome: 'disqualified', reason: 'Closed.', ticket, via: 'update' } as const;
  };
  type Decision = Awaited<ReturnType<ReturnType<typeof of>>> | typeof BY_EXPIRY;
  const record = (decision: Decision, at: Date) => {
    now = at;
    const verifier = { verifyTicket: tickets.verify, requireTicket: true };
    return database.db.withTenant(tenant.scope, (tx) =>
      recordDecision(
        { tx, now },
        verifier,
        { version: 1, tenant: tenant.id, ...ids },
        { approvalId: approval.id, decision },
      ),
    );
  };
  const auditRows = async () =>
    (await database.admin`select id from audit_log where resource_id = ${ids.audit_id}`).length;
  now = AT;
  return { owners: await of('owner')(), operators: await of('operator')(), record, auditRows };
}

// sabotage: src/control/approvals/tickets.ts :: const claims = await readClaims(ticket, key, at ?? deps.clock.now()); => const claims = await readClaims(ticket, key, deps.clock.now());
// sabotage: src/triage/triage-room/record-decision.ts :: if (known?.status === 'open') await audit(ctx, input, decision); => await audit(ctx, input, decision);
test('a decision whose report got lost is answered with what stands, also when its ticket is old by then', async () => {
  const { owners, record, auditRows } = await waiting();
  const first = await record(owners, AT);
  expect(first).toMatchObject({ outcome: 'disqualified', decided_at: AT.toISOString() });
  expect(await record(owners, LATER)).toEqual(first);
  expect(await auditRows()).toBe(1);
});

test('an old ticket decides nothing, and that of somebody else repeats nothing', async () => {
  const { owners, operators, record, auditRows } = await waiting();
  await expect(record(owners, LATER)).rejects.toMatchObject({ code: 'permission_denied' });
  await record(owners, AT);
  await expect(record(operators, LATER)).rejects.toMatchObject({ code: 'already_decided' });
  expect(await auditRows()).toBe(1);
});

// sabotage: src/triage/triage-room/record-decision.ts :: if (decision.via === 'expiry' && known?.status === 'decided') { => if (false) {
test('the expiry is answered with what a person has decided', async () => {
  const { owners, record } = await waiting();
  const first = await record(owners, AT);
  expect(await record(BY_EXPIRY, LATER)).toEqual({ ...first, earlier: { reason: 'Closed.' } });
});
