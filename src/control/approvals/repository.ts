import { createHash } from 'node:crypto';
import { and, eq } from 'drizzle-orm';
import { AgosError } from '../../kernel/errors.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { newId } from '../../runtime/ids.ts';
import { type ApprovalOutcome, allowsOutcome } from './rules.ts';
import { approvals } from './tables.ts';

export type ApprovalRow = typeof approvals.$inferSelect;
export type NewApproval = Pick<
  typeof approvals.$inferInsert,
  | 'tenantId'
  | 'kind'
  | 'runId'
  | 'workflowId'
  | 'leadId'
  | 'policyVersion'
  | 'decidableBy'
  | 'defaultOutcome'
  | 'expiresAt'
  | 'createdBy'
> & { arguments: Record<string, unknown> };

/** SHA-256 over the exact arguments, with their names in order: other arguments have another digest. */
export function digestOf(args: Record<string, unknown>): string {
  const ordered = Object.fromEntries(Object.entries(args).sort(([a], [b]) => (a < b ? -1 : 1)));
  return createHash('sha256').update(JSON.stringify(ordered)).digest('hex');
}

/** Opens an approval; a repeated attempt of the same run and kind finds the one that is there. */
export async function openApproval(tx: Tx, approval: NewApproval): Promise<ApprovalRow> {
  const row = { ...approval, id: newId(), argumentsDigest: digestOf(approval.arguments) };
  const [added] = await tx.insert(approvals).values(row).onConflictDoNothing().returning();
  if (added) return added;
  const [there] = await tx
    .select()
    .from(approvals)
    .where(
      and(
        eq(approvals.tenantId, approval.tenantId),
        eq(approvals.runId, approval.runId),
        eq(approvals.kind, approval.kind),
      ),
    );
  if (!there) throw new Error(`the approval of run ${approval.runId} could not be opened`);
  return there;
}

/** An approval that the actor may see, or null. */
export async function findApproval(tx: Tx, tenant: string, id: string): Promise<ApprovalRow | null> {
  const [row] = await tx.select().from(approvals).where(byId(tenant, id));
  return row ?? null;
}

export type DecisionOfApproval = {
  tenantId: string;
  id: string;
  outcome: ApprovalOutcome;
  reason: string | null;
  decidedBy: string | null;
  decidedVia: 'ticket' | 'unauthenticated' | 'expiry';
  now: Date;
};

/**
 * Records the one final decision. The same decision again (a repeated attempt) answers with the row;
 * any other throws `already_decided`, an outcome that the kind does not name `decision_not_allowed`.
 */
export async function decideApproval(tx: Tx, decision: DecisionOfApproval): Promise<ApprovalRow> {
  const [row] = await tx.select().from(approvals).where(byId(decision.tenantId, decision.id)).for('update');
  if (!row) throw new AgosError('not_found', 'There is no such approval.');
  if (!allowsOutcome(row.kind, decision.outcome)) {
    throw new AgosError('decision_not_allowed', `A ${row.kind} cannot be decided as ${decision.outcome}.`);
  }
  if (row.status !== 'open') {
    if (sameDecision(row, decision)) return row;
    throw new AgosError('already_decided', `This was decided already: ${row.outcome ?? row.status}.`);
  }
  const [decided] = await tx
    .update(approvals)
    .set({
      status: decision.decidedVia === 'expiry' ? 'expired' : 'decided',
      outcome: decision.outcome,
      reason: decision.reason,
      decidedBy: decision.decidedBy,
      decidedVia: decision.decidedVia,
      decidedAt: decision.now,
    })
    .where(byId(decision.tenantId, decision.id))
    .returning();
  return decided!;
}

/** Closes what a run left open when it ended without a decision. */
export async function withdrawApprovals(tx: Tx, tenant: string, runId: string): Promise<void> {
  await tx
    .update(approvals)
    .set({ status: 'withdrawn' })
    .where(and(eq(approvals.tenantId, tenant), eq(approvals.runId, runId), eq(approvals.status, 'open')));
}

function sameDecision(row: ApprovalRow, decision: DecisionOfApproval): boolean {
  return (
    row.outcome === decision.outcome &&
    row.decidedVia === decision.decidedVia &&
    row.decidedBy === decision.decidedBy &&
    row.reason === decision.reason
  );
}

const byId = (tenant: string, id: string) => and(eq(approvals.tenantId, tenant), eq(approvals.id, id));
