import type { TriageRoomInput } from '../../../workflows/triage/triage-room/messages.ts';
import type { TicketHolder, VerifyTicket } from '../../control/approvals/tickets.ts';
import { AgosError } from '../../kernel/errors.ts';
import type { Decision } from '../scoring/rules.ts';

/** Checks the signed ticket of a decision and tells who holds it; throws `permission_denied`. */
export type DecisionVerifier = {
  verifyTicket: VerifyTicket;
  /** A setting: decisions without a ticket (Temporal Web UI) are refused. */
  requireTicket: boolean;
};

/** A decision as it came, before anybody looked at its ticket. */
export type IncomingDecision = {
  approvalId: string;
  decision: {
    outcome: Decision;
    reason: string | null;
    ticket: string | null;
    via: 'update' | 'signal' | 'expiry';
  };
};

/** Who decides what, and how that is known. */
export type ProvenDecision = {
  approvalId: string;
  outcome: Decision;
  reason: string | null;
  via: 'ticket' | 'unauthenticated' | 'expiry';
  decidedBy: string | null;
  /** Who decided by ticket, and from where. */
  holder?: TicketHolder;
  /** What the ticket's holder was shown; see `decideApproval`. */
  argumentsDigest?: string;
};

/**
 * Says who decides: the ticket's holder, the expiry, or an operator whom nothing proves. A ticket has to hold
 * now, or at the moment in which the decision was recorded: a repetition may come when it is old.
 */
export async function proveDecision(
  verifier: DecisionVerifier,
  input: TriageRoomInput,
  incoming: IncomingDecision,
  recordedAt: Date | null,
): Promise<ProvenDecision> {
  const { approvalId, decision } = incoming;
  const { outcome, reason } = decision;
  if (decision.via === 'expiry') return { approvalId, outcome, reason, via: 'expiry', decidedBy: null };
  if (decision.ticket !== null) {
    const expected = { tenant: input.tenant, approvalId, outcome };
    const { holder, digest } = await verifier.verifyTicket(decision.ticket, expected, recordedAt);
    const by = { via: 'ticket' as const, decidedBy: holder.actorId, holder };
    return { approvalId, outcome, reason, ...by, argumentsDigest: digest };
  }
  if (verifier.requireTicket) {
    throw new AgosError(
      'ticket_required',
      'Decide through the API or `agos decide`: this server wants proof of who decides.',
    );
  }
  return { approvalId, outcome, reason, via: 'unauthenticated', decidedBy: null };
}
