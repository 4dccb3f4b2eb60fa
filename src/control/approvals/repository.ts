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
  | 'arguments'
  | 'policyVersion'
  | 'decidableBy'
  | 'defaultOutcome'
  | 'expiresAt'
  | 'createdBy'
>;

/** One decision on one approval, as it is to be recorded. */
export type RecordedDecision = {
  tenantId: string;
  id: string;
  outcome: ApprovalOutcome;
  reason: string | null;
  decidedBy: string | null;
  decidedVia: NonNullable<ApprovalRow['decidedVia']>;
  now: Date;
  /** Digest of the arguments that the decision was made on; other arguments must be asked again. */
  argumentsDigest?: string;
};

/** SHA-256 of arguments whatever the order of their keys, hex. */
export function digestOf(value: Record<string, unknown>): string {
  return createHash('sha256').update(canonical(value)).digest('hex');
}

/**
 * Opens the wait for a person; a repeated attempt of the same run finds the one it opened, and a decision
 * that was made on these very arguments stands. Other arguments, or a withdrawn wait, ask again.
 */
export async function openApproval(tx: Tx, approval: NewApproval): Promise<ApprovalRow> {
  const asked = { ...approval, argumentsDigest: digestOf(approval.arguments) };
  const [opened] = await tx
    .insert(approvals)
    .values({ ...asked, id: newId() })
    .onConflictDoNothing({ target: [approvals.tenantId, approvals.runId, approvals.kind] })
    .returning();
  if (opened) return opened;
  const { tenantId, runId, kind } = approval;
  const ofRun = and(eq(approvals.tenantId, tenantId), eq(approvals.runId, runId), eq(approvals.kind, kind));
  const [known] = await tx.select().from(approvals).where(ofRun).for('update');
  if (known!.status !== 'withdrawn' && known!.argumentsDigest === asked.argumentsDigest) return known!;
  const [reopened] = await tx
    .update(approvals)
    .set({ ...asked, ...UNDECIDED })
    .where(ofRun)
    .returning();
  return reopened!;
}

const UNDECIDED = {
  status: 'open',
  outcome: null,
  reason: null,
  decidedBy: null,
  decidedVia: null,
  decidedAt: null,
} as const;

/** An approval that the actor may see, or null. */
export async function findApproval(tx: Tx, tenant: string, id: string): Promise<ApprovalRow | null> {
  const [row] = await tx.select().from(approvals).where(byId(tenant, id));
  return row ?? null;
}

/** What this actor has decided for a run, by ticket, or null. */
export async function findOwnDecision(
  tx: Tx,
  tenant: string,
  by: { runId: string; actorId: string },
): Promise<ApprovalRow | null> {
  const [row] = await tx
    .select()
    .from(approvals)
    .where(
      and(
        eq(approvals.tenantId, tenant),
        eq(approvals.runId, by.runId),
        eq(approvals.status, 'decided'),
        eq(approvals.decidedVia, 'ticket'),
        eq(approvals.decidedBy, by.actorId),
      ),
    );
  return row ?? null;
}

/** The open approval of a run, or null. */
export async function findOpenApproval(tx: Tx, tenant: string, runId: string): Promise<ApprovalRow | null> {
  const [row] = await tx
    .select()
    .from(approvals)
    .where(and(eq(approvals.tenantId, tenant), eq(approvals.runId, runId), eq(approvals.status, 'open')));
  return row ?? null;
}

/**
 * Records the one final decision. The same decision again (a repeated attempt) is answered with the
 * first; any other throws `already_decided`, or `not_awaiting` when the wait was withdrawn.
 */
export async function decideApproval(tx: Tx, decision: RecordedDecision): Promise<ApprovalRow> {
  const [row] = await tx.select().from(approvals).where(byId(decision.tenantId, decision.id)).for('update');
  if (!row) throw new AgosError('not_found', 'There is no such approval.');
  if (row.status !== 'open') return settled(row, decision);
  if (!allowsOutcome(row.kind, decision.outcome)) {
    throw new AgosError('decision_not_allowed', `${decision.outcome} is no outcome of this decision.`);
  }
  if (decision.argumentsDigest !== undefined && decision.argumentsDigest !== row.argumentsDigest) {
    throw new AgosError('decision_not_allowed', 'What is decided on has changed: look at it again.');
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

/** Ends the waits of a run that ends before anyone decided. */
export async function withdrawApprovals(tx: Tx, tenant: string, runId: string): Promise<void> {
  await tx
    .update(approvals)
    .set({ status: 'withdrawn' })
    .where(and(eq(approvals.tenantId, tenant), eq(approvals.runId, runId), eq(approvals.status, 'open')));
}

function settled(row: ApprovalRow, decision: RecordedDecision): ApprovalRow {
  if (row.status === 'withdrawn') {
    throw new AgosError('not_awaiting', 'The run ended, so nothing waits for this decision any more.');
  }
  const isRepeated =
    row.outcome === decision.outcome &&
    row.decidedVia === decision.decidedVia &&
    row.decidedBy === decision.decidedBy &&
    row.reason === decision.reason;
  if (isRepeated) return row;
  throw new AgosError('already_decided', 'Somebody or the expiry has already decided this.');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
}

const byId = (tenant: string, id: string) => and(eq(approvals.tenantId, tenant), eq(approvals.id, id));
