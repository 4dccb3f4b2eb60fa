import type { JWK } from 'jose';
import { ALGORITHMS } from '../identity/tokens.ts';

/** What is kept of a key, and how many characters each part may have: RSA up to 8,192 bits. */
const PARTS = { kty: 8, kid: 512, use: 16, alg: 16, n: 1_400, e: 16, crv: 16, x: 128, y: 128 } as const;
const MOST_OPERATIONS = 8;
const OPERATION_CHARACTERS = 16;

/**
 * The key that can verify a signature, in its known parts alone: whatever else a document says would be kept for
 * its tenant. Null for others; a secret key in a public document would let anybody sign.
 */
export function publicKeyOf(value: unknown): JWK | null {
  if (typeof value !== 'object' || value === null) return null;
  const given = value as Record<string, unknown>;
  const key: Record<string, string | string[]> = {};
  for (const [part, mostCharacters] of Object.entries(PARTS)) {
    if (given[part] === undefined) continue;
    if (!isShort(given[part], mostCharacters)) return null;
    key[part] = given[part];
  }
  if (given.key_ops !== undefined) {
    if (!isOperations(given.key_ops)) return null;
    key.key_ops = given.key_ops;
  }
  return isUsable(key as JWK) ? (key as JWK) : null;
}

function isUsable({ kty, use, alg }: JWK): boolean {
  if (kty !== 'RSA' && kty !== 'EC' && kty !== 'OKP') return false;
  return (use === undefined || use === 'sig') && (alg === undefined || ALGORITHMS.includes(alg));
}

const isShort = (value: unknown, mostCharacters: number): value is string =>
  typeof value === 'string' && value.length <= mostCharacters;

const isOperations = (value: unknown): value is string[] =>
  Array.isArray(value) &&
  value.length <= MOST_OPERATIONS &&
  value.every((one) => isShort(one, OPERATION_CHARACTERS));
