import { decodeJwt, decodeProtectedHeader, errors } from 'jose';
import type { Role } from '../../kernel/actor.ts';
import { ALGORITHMS, verifyJwt } from '../identity/tokens.ts';
import type { MemberRow } from '../members/repository.ts';
import { ProviderFault } from './provider-documents.ts';
import type { ProviderKeys } from './provider-keys.ts';
import type { ConnectionRow } from './repository.ts';
import { type Claims, type Mapped, mapClaims, matches, valuesAt } from './rules.ts';

/** What a token says once it is verified, or a sentence about why it would be refused. */
export type ReadToken = { claims: Claims & { sub: string } } | { refused: string };

/** Verifies a token as a sign-in would, and says what is wrong with it: only its connection's owner may know. */
export async function readToken(
  keys: ProviderKeys,
  connection: ConnectionRow,
  { token, now }: { token: string; now: Date },
): Promise<ReadToken> {
  const { issuer, audience } = connection;
  try {
    const { iss } = decodeJwt(token);
    if (iss !== issuer) {
      return {
        refused: `The token names the issuer ${shown(iss)}, the connection ${issuer}: they must be equal, each slash included.`,
      };
    }
    return { claims: await verifyJwt(token, { keys: keys(connection), issuer, audience, now }) };
  } catch (error) {
    return { refused: sentenceOf(error, token, audience) };
  }
}

function sentenceOf(error: unknown, token: string, audience: string): string {
  if (error instanceof ProviderFault) return error.message;
  if (error instanceof errors.JWTExpired) {
    return `The token expired at ${new Date(Number(error.payload.exp) * 1_000).toISOString()}.`;
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud')
      return `The token is for ${shown(error.payload.aud)}, the connection expects ${audience}.`;
    return `The token's "${error.claim}" is missing or not as it must be.`;
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return `The token is signed with ${shown(decodeProtectedHeader(token).alg)}; accepted are ${ALGORITHMS.join(', ')}.`;
  }
  if (error instanceof errors.JWKSNoMatchingKey)
    return 'The provider has no key with the key id and algorithm of the token.';
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return 'The signature is not by a key of the provider.';
  return 'This is no token that can be read.';
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 200);

/** One rule as it met the claims; `found` are the values at its claim. */
export type MetRule = { matched: boolean; found: string[] };

const MOST_FOUND = 20;

/** How each rule met the claims. */
export function meetRules({ rules }: ConnectionRow, claims: Claims): MetRule[] {
  return rules.map((rule) => ({
    matched: matches(rule, claims),
    found: valuesAt(rule.claim, claims)
      .slice(0, MOST_FOUND)
      .map((value) => value.slice(0, 200)),
  }));
}

/** The role that a sign-in with these claims would have, and a sentence about why. */
export function explain(
  connection: ConnectionRow,
  claims: Claims,
  member: MemberRow | null,
): { role: Role | null; mapped: Mapped; message: string } {
  const mapped = mapClaims(connection, claims);
  if (member?.removedAt) {
    return {
      role: null,
      mapped,
      message: 'Refused: this person was removed, and stays out until somebody adds them again.',
    };
  }
  if (member?.roleSource === 'manual') {
    return {
      role: member.role,
      mapped,
      message: `Role ${member.role}: a person has set it, and it stays whatever claims say.`,
    };
  }
  return { role: mapped.role, mapped, message: decision(mapped) };
}

function decision({ role, decidedBy, rule }: Mapped): string {
  if (decidedBy === 'rule') return `Role ${role}: rule ${rule} is the first that matches.`;
  if (decidedBy === 'default') return `Role ${role}: no rule matches, so the default decides.`;
  return 'Refused: no rule matches, and there is no default role.';
}
