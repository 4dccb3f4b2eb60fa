import { jwtVerify, SignJWT } from 'jose';
import { AgosError } from '../../kernel/errors.ts';
import type { Clock } from '../../runtime/clock.ts';

/** Who holds a ticket, and from where it was asked for: what the audit row of the decision says. */
export type TicketHolder = {
  actorKind: 'member' | 'key';
  actorId: string;
  requestId: string;
  address: string | null;
  userAgent: string | null;
};

/** What a ticket says: this actor decides this approval, with these arguments, this way. */
export type TicketClaims = TicketHolder & {
  tenant: string;
  approvalId: string;
  digest: string;
  outcome: string;
};

export type SignTicket = (claims: TicketClaims) => Promise<string>;
export type VerifyTicket = (
  ticket: string,
  expected: Pick<TicketClaims, 'tenant' | 'approvalId' | 'outcome'>,
  /** The moment at which it has to hold; null for now. */
  at: Date | null,
) => Promise<{ holder: TicketHolder; digest: string }>;

const LIFETIME_SECONDS = 300;
const ISSUER = 'agos';
const AUDIENCE = 'agos:decision';
const ALGORITHM = 'HS256';

/** Signs tickets and verifies them; API and workers share the secret. A ticket is worth five minutes. */
export function createTickets(deps: { signingSecret: string; clock: Clock }): {
  sign: SignTicket;
  verify: VerifyTicket;
} {
  const key = new TextEncoder().encode(deps.signingSecret);
  const nowSeconds = () => Math.floor(deps.clock.now().getTime() / 1000);
  return {
    sign: ({ tenant, approvalId, digest, outcome, actorKind, actorId, requestId, address, userAgent }) =>
      new SignJWT({
        tenant,
        approval: approvalId,
        digest,
        outcome,
        kind: actorKind,
        request: requestId,
        address,
        agent: userAgent,
      })
        .setProtectedHeader({ alg: ALGORITHM })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(actorId)
        .setIssuedAt(nowSeconds())
        .setExpirationTime(nowSeconds() + LIFETIME_SECONDS)
        .sign(key),
    async verify(ticket, expected, at) {
      const claims = await readClaims(ticket, key, at ?? deps.clock.now());
      const fits =
        claims.tenant === expected.tenant &&
        claims.approval === expected.approvalId &&
        claims.outcome === expected.outcome;
      if (!fits) throw refused();
      return { holder: readHolder(claims), digest: String(claims.digest) };
    },
  };
}

async function readClaims(ticket: string, key: Uint8Array, at: Date): Promise<Record<string, unknown>> {
  try {
    const options = { issuer: ISSUER, audience: AUDIENCE, algorithms: [ALGORITHM], currentDate: at };
    return (await jwtVerify(ticket, key, options)).payload;
  } catch {
    throw refused();
  }
}

function readHolder({ sub, kind, request, address, agent }: Record<string, unknown>): TicketHolder {
  if (typeof sub !== 'string' || (kind !== 'member' && kind !== 'key')) throw refused();
  const textOf = (value: unknown) => (typeof value === 'string' ? value : null);
  const from = { address: textOf(address), userAgent: textOf(agent) };
  return { actorKind: kind, actorId: sub, requestId: String(request), ...from };
}

function refused(): AgosError {
  return new AgosError('permission_denied', 'The ticket of this decision is not valid (any more).');
}
