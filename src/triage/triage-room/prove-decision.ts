import type { TriageRoomInput } from '../../../workflows/triage/triage-room/messages.ts';
import type { VerifyTicket } from '../../control/approvals/tickets.ts';
import { AgosError } from '../../kernel/errors.ts';
import type { Decision } from '../scoring/rules.ts';
import type { DecisionToRecord } from './ask-person.ts';

/** Checks the signed ticket of a decision and tells who holds it; throws `permission_denied`. */
export type DecisionVerifier = {
  verifyTicket: VerifyTicket;
  /** A setting: decisions without a ticket (Temporal Web UI) are refused. */
  requireTicket: boolean;
};

type Incoming = {
  approvalId: string;
  decision: {
    outcome: Decision;
    reason: string | null;
    ticket: string | null;
    via: 'update' | 'signal' | 'expiry';
  };
};

/** Says who decides: the ticket's holder, the expiry, or an operator whom nothing proves. */
export async function proveDecision(
  verifier: DecisionVerifier,
  input: TriageRoomInput,
  incoming: Incoming,
): Promise<DecisionToRecord> {
  const { approvalId, decision } = incoming;
  const { outcome, reason } = decision;
  if (decision.via === 'expiry') return { approvalId, outcome, reason, via: 'expiry', decidedBy: null };
  if (decision.ticket !== null) {
    const expected = { tenant: input.tenant, approvalId, outcome };
    const { holder, digest } = await verifier.verifyTicket(decision.ticket, expected);
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
