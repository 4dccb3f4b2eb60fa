import {
  createRemoteJWKSet,
  decodeJwt,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import { z } from 'zod';
import { AgosError } from '../../kernel/errors.ts';
import { storableText } from '../../kernel/text.ts';

/** A person as an identity provider names them; never an e-mail address. */
export type Person = { issuer: string; subject: string };

/** Who may issue tokens: `AGOS_OIDC_ISSUERS`. */
export type Issuer = { issuer: string; audience: string; jwksUrl: string };

/** Signatures that a public key verifies: a secret one (HS256) could be forged with the public key. */
export const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];
export const CLOCK_TOLERANCE_SECONDS = 5;
/** As OpenID Connect has it; the members' index could not hold much more. */
const MAX_SUBJECT_CHARACTERS = 255;

const issuersSchema = z.array(
  z.strictObject({ issuer: z.string().min(1).max(255), audience: z.string().min(1), jwks_url: z.url() }),
);

/** Parses `AGOS_OIDC_ISSUERS`; throws a sentence when it is wrong. */
export function parseIssuers(text: string | undefined): Issuer[] {
  if (text === undefined || text.trim() === '') return [];
  try {
    const issuers = issuersSchema.parse(JSON.parse(text));
    return issuers.map(({ issuer, audience, jwks_url }) => ({ issuer, audience, jwksUrl: jwks_url }));
  } catch {
    throw new Error('AGOS_OIDC_ISSUERS must be a JSON array of {"issuer", "audience", "jwks_url"}');
  }
}

/** Verifies JWTs of the configured issuers; throws `token_invalid` without saying what was wrong with it. */
export function createTokenVerifier(
  issuers: readonly Issuer[],
): (token: string, now: Date) => Promise<Person> {
  const known = new Map<string, { audience: string; keys: JWTVerifyGetKey }>();
  for (const { issuer, audience, jwksUrl } of issuers) {
    known.set(issuer, { audience, keys: createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: 3000 }) });
  }
  return async (token, now) => {
    try {
      const issuer = decodeJwt(token).iss ?? '';
      const trusted = known.get(issuer);
      if (!trusted) throw tokenInvalid();
      const { sub } = await verifyJwt(token, { ...trusted, issuer, now });
      return { issuer, subject: sub };
    } catch (error) {
      if (isProviderFailure(error)) throw providerUnavailable();
      throw tokenInvalid();
    }
  };
}

/** The claims of a token that is what it must be; throws what says how it is not, which no caller may see. */
export async function verifyJwt(
  token: string,
  by: { keys: JWTVerifyGetKey; issuer: string; audience: string; now: Date },
): Promise<JWTPayload & { sub: string }> {
  const { payload } = await jwtVerify(token, by.keys, {
    issuer: by.issuer,
    audience: by.audience,
    algorithms: ALGORITHMS,
    requiredClaims: ['sub', 'exp'],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    currentDate: by.now,
  });
  const { sub } = payload;
  if (typeof sub !== 'string' || sub !== storableText(sub)) throw tokenInvalid();
  if (sub.length > MAX_SUBJECT_CHARACTERS) throw tokenInvalid();
  return { ...payload, sub };
}

/** The one refusal of a bad token: what exactly is wrong would help only who forges it. */
export function tokenInvalid(): AgosError {
  return new AgosError('token_invalid', 'The bearer token is not valid. Get a new one and try again.');
}

function isProviderFailure(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof TypeError) return true;
  // jose answers a failing key endpoint with its base error; everything about tokens has a class of its own.
  return error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC';
}

/** The refusal of a token that cannot be checked. */
export function providerUnavailable(): AgosError {
  return new AgosError(
    'identity_provider_unavailable',
    'The identity provider does not answer, so the token cannot be checked. Try again shortly.',
    { retryAfterSeconds: 5 },
  );
}
