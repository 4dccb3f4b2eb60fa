import { createHash, randomBytes } from 'node:crypto';

/** `agos_`, eight characters that tell keys apart in lists, and 256 random bits. */
const KEY = /^agos_[0-9a-f]{8}_[\w-]{43}$/;

export type NewKeySecret = { key: string; prefix: string; hash: string };

/** A new API key; only its prefix and hash are to be stored. */
export function newKeySecret(): NewKeySecret {
  const prefix = `agos_${randomBytes(4).toString('hex')}`;
  const key = `${prefix}_${randomBytes(32).toString('base64url')}`;
  return { key, prefix, hash: hashOfKey(key) };
}

/** Whether a bearer token has the form of an API key. */
export function looksLikeKey(token: string): boolean {
  return KEY.test(token);
}

/** SHA-256, hex: a key has 256 random bits, so nothing is gained by a slow hash. */
export function hashOfKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
