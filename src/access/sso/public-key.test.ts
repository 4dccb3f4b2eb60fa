import { expect, test } from 'vitest';
import { publicKeyOf } from './public-key.ts';

const RSA = { kty: 'RSA', kid: 'one', use: 'sig', alg: 'RS256', n: 'n'.repeat(683), e: 'AQAB' };

// sabotage: src/access/sso/public-key.ts :: const key: Record<string, string | string[]> = {}; => const key = { ...given } as Record<string, string | string[]>;
test('a key is kept in its known parts alone', () => {
  expect(publicKeyOf({ ...RSA, x5c: ['x'.repeat(100_000)], more: { a: 1 } })).toEqual(RSA);
  const curve = { kty: 'EC', crv: 'P-256', x: 'x'.repeat(43), y: 'y'.repeat(43), key_ops: ['verify'] };
  expect(publicKeyOf({ ...curve, d: 'secret' })).toEqual(curve);
});

// sabotage: src/access/sso/public-key.ts :: typeof value === 'string' && value.length <= mostCharacters; => typeof value === 'string';
// sabotage: src/access/sso/public-key.ts :: value.length <= MOST_OPERATIONS && => true &&
test.each<[string, unknown]>([
  ['no object', 'RSA'],
  ['null', null],
  ['a secret key', { kty: 'oct', k: 'secret' }],
  ['a key to encrypt with', { ...RSA, use: 'enc' }],
  ['an algorithm with a shared secret', { ...RSA, alg: 'HS256' }],
  ['a name that is no text', { ...RSA, kid: { toString: 'one' } }],
  ['a name without end', { ...RSA, kid: 'k'.repeat(513) }],
  ['a modulus without end', { ...RSA, n: 'n'.repeat(1_401) }],
  ['operations that are no list', { ...RSA, key_ops: 'verify' }],
  ['operations without end', { ...RSA, key_ops: Array(9).fill('verify') }],
  ['an operation without end', { ...RSA, key_ops: ['v'.repeat(17)] }],
])('%s is no key', (_name, value) => expect(publicKeyOf(value)).toBeNull());
