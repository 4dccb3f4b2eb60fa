import type { TriageRoomInput } from '../../../workflows/triage/triage-room/messages.ts';
import { type ApprovalRow, openApproval } from '../../control/approvals/repository.ts';
import { lockLead } from '../../leads/leads/repository.ts';
import { awaitDecision } from '../../leads/leads/scan-status.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { changeAudit } from '../audits/repository.ts';
import type { Decision } from '../scoring/rules.ts';
import { requireAudit } from './score-audit.ts';
import { holdTriage, SUPERSEDED } from './settle-triage.ts';

/** Roles that may decide on a score (`decisions:decide`). */
const DECIDABLE_BY = ['owner', 'admin', 'operator'] as const;

/** A wait for a person, or the decision that an earlier attempt of the same run has already got. */
export type Asked = {
  approval_id: string;
  until: string;
  decided: { outcome: Decision; by: 'person' | 'expiry'; reason: string | null } | null;
};

/**
 * Opens the wait for a person on a score near the threshold; the side it fell on is the default. Null when
 * another run owns the lead now: then this one is ended.
 */
export async function askPerson(
  ctx: { tx: Tx; now: Date; workflowId: string },
  input: TriageRoomInput,
  wait: { reviewMs: number },
): Promise<Asked | null> {
  // The lead before its approval, as who holds a lead and withdraws its approvals locks them.
  if (input.lead_id) await lockLead(ctx.tx, input.tenant, input.lead_id);
  const audit = await requireAudit(ctx.tx, input);
  if (audit.score === null || audit.decision === null) throw new Error(`audit ${audit.id} has no score`);
  const approval = await openApproval(ctx.tx, {
    tenantId: input.tenant,
    kind: 'triage_score',
    runId: input.run_id,
    workflowId: ctx.workflowId,
    leadId: input.lead_id,
    arguments: { audit_id: audit.id, score: audit.score, suggested: audit.decision },
    policyVersion: `${audit.playbookSlug}@${audit.playbookVersion}`,
    decidableBy: [...DECIDABLE_BY],
    defaultOutcome: audit.decision,
    expiresAt: new Date(ctx.now.getTime() + wait.reviewMs),
    createdBy: input.principal_id,
  });
  const until = approval.expiresAt.toISOString();
  const asked = { approval_id: approval.id, until, decided: decisionOf(approval) };
  if (asked.decided) return asked;
  await changeAudit(ctx.tx, { tenant: input.tenant, id: audit.id }, { status: 'awaiting' });
  if (input.lead_id) {
    const writer = { tenant: input.tenant, leadId: input.lead_id, runId: input.run_id, now: ctx.now };
    const awaiting = { decision: 'triage_score' as const, approval_id: approval.id, until };
    const result = { score: audit.score, reasons: audit.reasons, auditId: audit.id, awaiting };
    if ((await awaitDecision(ctx.tx, writer, result)) === 'superseded') {
      await holdTriage(ctx, input, SUPERSEDED);
      return null;
    }
  }
  return asked;
}

/** A reset workflow asks again, but what was decided on this very score stands. */
function decisionOf(approval: ApprovalRow): Asked['decided'] {
  if (approval.status === 'open') return null;
  const by = approval.decidedVia === 'expiry' ? 'expiry' : 'person';
  return { outcome: approval.outcome as Decision, by, reason: approval.reason };
}
