import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import { newId } from '../../runtime/ids.ts';
import {
  type ApprovalRow,
  decideApproval,
  findOpenApproval,
  openApproval,
  type RecordedDecision,
  withdrawApprovals,
} from './repository.ts';

let database: TestDatabase;
let tenant: TestTenant;
beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTenant(database);
});
afterAll(() => database.close());

const inTenant = <T>(fn: Parameters<typeof database.db.withTenant<T>>[1]) =>
  database.db.withTenant(tenant.scope, fn);

function open(runId = newId()): Promise<ApprovalRow> {
  const approval = {
    tenantId: tenant.id,
    kind: 'triage_score' as const,
    runId,
    workflowId: `triage:${runId}`,
    arguments: { score: 48.5, audit_id: runId },
    policyVersion: 'triage-standard@1.0.0',
    decidableBy: ['owner' as const],
    defaultOutcome: 'disqualified' as const,
    expiresAt: new Date(Date.now() + 60_000),
    createdBy: tenant.keys.owner.id,
  };
  return inTenant((tx) => openApproval(tx, approval));
}

const decide = (approval: ApprovalRow, change: Partial<RecordedDecision> = {}) =>
  inTenant((tx) =>
    decideApproval(tx, {
      tenantId: tenant.id,
      id: approval.id,
      outcome: 'qualified',
      reason: null,
      decidedBy: tenant.keys.owner.id,
      decidedVia: 'ticket',
      now: new Date(),
      ...change,
    }),
  );

test('a repeated attempt of the same run finds the approval that it opened', async () => {
  const first = await open();
  expect((await open(first.runId)).id).toBe(first.id);
  expect((await inTenant((tx) => findOpenApproval(tx, tenant.id, first.runId)))?.id).toBe(first.id);
});

test('30 different decisions and the expiry in the same instant: one is final, all others learn already_decided', async () => {
  const approval = await open();
  const people = Array.from({ length: 29 }, () => decide(approval, { decidedBy: newId() }));
  const expiry = decide(approval, { outcome: 'disqualified', decidedBy: null, decidedVia: 'expiry' });
  const results = await Promise.allSettled([...people, expiry]);
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const result of results) {
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'already_decided' });
  }
  expect(await inTenant((tx) => findOpenApproval(tx, tenant.id, approval.runId))).toBeNull();
});

test('the same decision again, a repeated attempt, is answered with the first', async () => {
  const approval = await open();
  const first = await decide(approval);
  expect((await decide(approval)).decidedAt).toEqual(first.decidedAt);
  await expect(decide(approval, { outcome: 'disqualified' })).rejects.toMatchObject({
    code: 'already_decided',
  });
});

test('a decision on other arguments, or an outcome that the kind does not name, does not count', async () => {
  const approval = await open();
  const refused = { code: 'decision_not_allowed' };
  await expect(decide(approval, { argumentsDigest: 'other' })).rejects.toMatchObject(refused);
  await expect(decide(approval, { outcome: 'maybe' as never })).rejects.toMatchObject(refused);
  expect((await decide(approval, { argumentsDigest: approval.argumentsDigest })).status).toBe('decided');
});

test('what a run withdrew waits for nobody', async () => {
  const approval = await open();
  await inTenant((tx) => withdrawApprovals(tx, tenant.id, approval.runId));
  await expect(decide(approval)).rejects.toMatchObject({ code: 'not_awaiting' });
});

test("another tenant's approval is not there", async () => {
  const approval = await open();
  const stranger = await createTenant(database);
  const attempt = database.db.withTenant(stranger.scope, (tx) =>
    decideApproval(tx, {
      tenantId: tenant.id,
      id: approval.id,
      outcome: 'qualified',
      reason: null,
      decidedBy: stranger.keys.owner.id,
      decidedVia: 'ticket',
      now: new Date(),
    }),
  );
  await expect(attempt).rejects.toMatchObject({ code: 'not_found' });
});
