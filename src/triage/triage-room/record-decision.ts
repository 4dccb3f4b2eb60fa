import type { Recorded, TriageRoomInput } from '../../../workflows/triage/triage-room/messages.ts';
import { type ApprovalRow, decideApproval, findApproval } from '../../control/approvals/repository.ts';
import { recordAudit } from '../../journal/audit-log/record.ts';
import { systemScope } from '../../kernel/actor.ts';
import type { Tx } from '../../runtime/database/database.ts';
import type { Decision } from '../scoring/rules.ts';
import {
  type DecisionVerifier,
  type IncomingDecision,
  type ProvenDecision,
  proveDecision,
} from './prove-decision.ts';

/**
 * Records the one final decision and its audit row. A repetition, whose report may have got lost, is answered
 * with what stands, and so is the expiry; any other later decision throws `already_decided`.
 */
export async function recordDecision(
  ctx: { tx: Tx; now: Date },
  verifier: DecisionVerifier,
  input: TriageRoomInput,
  incoming: IncomingDecision,
): Promise<Recorded> {
  const known = await findApproval(ctx.tx, input.tenant, incoming.approvalId);
  const decision = await proveDecision(verifier, input, incoming, known?.decidedAt ?? null);
  if (decision.via === 'expiry' && known?.status === 'decided') {
    return { ...resultOf(known), earlier: { reason: known.reason } };
  }
  const row = await decideApproval(ctx.tx, {
    tenantId: input.tenant,
    id: decision.approvalId,
    outcome: decision.outcome,
    reason: decision.reason,
    decidedBy: decision.decidedBy,
    decidedVia: decision.via,
    ...(decision.argumentsDigest !== undefined && { argumentsDigest: decision.argumentsDigest }),
    now: ctx.now,
  });
  if (known?.status === 'open') await audit(ctx, input, decision);
  return resultOf(row);
}

const resultOf = ({ id, outcome, decidedAt }: ApprovalRow): Recorded => ({
  outcome: outcome as Decision,
  decided_at: decidedAt!.toISOString(),
  approval_id: id,
});

async function audit({ tx }: { tx: Tx }, input: TriageRoomInput, decision: ProvenDecision): Promise<void> {
  const { holder, approvalId, outcome, reason, via } = decision;
  const scope = systemScope(input.tenant, decision.decidedBy ?? input.principal_id);
  const { requestId = null, address = null, userAgent = null } = holder ?? {};
  await recordAudit(
    { tx, scope, requestId, address, userAgent },
    {
      ...(holder && { actor: { kind: holder.actorKind, id: holder.actorId } }),
      ...(via === 'unauthenticated' && { actor: { kind: 'operator' as const, id: null } }),
      action: via === 'expiry' ? 'triage.decision_expired' : 'triage.decided',
      resourceType: input.lead_id ? 'lead' : 'audit',
      resourceId: input.lead_id ?? input.audit_id,
      details: { approval_id: approvalId, outcome, reason, via },
    },
  );
}
