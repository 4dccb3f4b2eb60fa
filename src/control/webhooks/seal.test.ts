import { expect, test } from 'vitest';
import { createSecretSeal } from './seal.ts';
import { newWebhookSecret } from './sign.ts';

const SERVER_SECRET = 'a signing secret for tests, 32 characters and more';
const seal = createSecretSeal(SERVER_SECRET);

test('a sealed secret opens with the same server secret, and shows nothing of itself', () => {
  const secret = newWebhookSecret();
  const sealed = seal.seal(secret, 'endpoint-1');
  expect(createSecretSeal(SERVER_SECRET).open(sealed, 'endpoint-1')).toBe(secret);
  expect(sealed).not.toContain(secret.slice(6, 20));
  expect(seal.seal(secret, 'endpoint-1'), 'the same secret is sealed in another way each time').not.toBe(
    sealed,
  );
});

// sabotage: src/control/webhooks/seal.ts :: decipher.setAAD(Buffer.from(owner)) => decipher.setAAD(Buffer.from('endpoint-1'))
test('it opens with no other server secret, for no other endpoint, and not when it was changed', () => {
  const sealed = seal.seal(newWebhookSecret(), 'endpoint-1');
  expect(() => createSecretSeal(`${SERVER_SECRET}!`).open(sealed, 'endpoint-1')).toThrow();
  expect(() => seal.open(sealed, 'endpoint-2')).toThrow();
  const at = sealed.length - 20;
  const changed = `${sealed.slice(0, at)}${sealed[at] === 'A' ? 'B' : 'A'}${sealed.slice(at + 1)}`;
  expect(() => seal.open(changed, 'endpoint-1')).toThrow();
  expect(() => seal.open(sealed.replace('v1', 'v2'), 'endpoint-1')).toThrow();
  expect(() => seal.open('', 'endpoint-1')).toThrow();
});
