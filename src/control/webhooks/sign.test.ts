import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { newWebhookSecret, signedHeaders } from './sign.ts';

/** The vector that the specification's own libraries share. */
const VECTOR = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  message: {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    at: new Date(1_614_265_330_000),
    body: '{"test": 2432232314}',
  },
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};

test("signs the specification's vector as its libraries do", () => {
  expect(signedHeaders([VECTOR.secret], VECTOR.message)).toEqual({
    'webhook-id': VECTOR.message.id,
    'webhook-timestamp': '1614265330',
    'webhook-signature': VECTOR.signature,
  });
});

// sabotage: src/control/webhooks/sign.ts :: const content = `${id}.${timestamp}.${body}`; => const content = `${id}.${body}`;
test('the published verifier takes what is signed, and nothing that was changed', () => {
  const secret = newWebhookSecret();
  const body = JSON.stringify({ type: 'lead.created', data: { text: 'Zürich 🦊' } });
  const headers = signedHeaders([secret], { id: 'an-id', at: new Date(), body });
  const receiver = new Webhook(secret);
  expect(receiver.verify(body, headers)).toEqual(JSON.parse(body));
  expect(() => receiver.verify(`${body} `, headers)).toThrow();
  expect(() => receiver.verify(body, { ...headers, 'webhook-id': 'another' })).toThrow();
  const old = signedHeaders([secret], { id: 'an-id', at: new Date(Date.now() - 600_000), body });
  expect(() => receiver.verify(body, old)).toThrow(/too old/);
  expect(() => new Webhook(newWebhookSecret()).verify(body, headers)).toThrow();
});

test('two secrets give two signatures, and the holder of either verifies', () => {
  const [now, before] = [newWebhookSecret(), newWebhookSecret()];
  const headers = signedHeaders([now, before], { id: 'an-id', at: new Date(), body: '{}' });
  expect(headers['webhook-signature']?.split(' ')).toHaveLength(2);
  for (const secret of [now, before]) expect(new Webhook(secret).verify('{}', headers)).toEqual({});
});

test('a secret is whsec_ and 24 to 64 random bytes in base64', () => {
  const secret = newWebhookSecret();
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]+={0,2}$/);
  const { length } = Buffer.from(secret.slice('whsec_'.length), 'base64');
  expect(length).toBeGreaterThanOrEqual(24);
  expect(length).toBeLessThanOrEqual(64);
  expect(newWebhookSecret()).not.toBe(secret);
});
