import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { expect, test } from 'vitest';
import type { ProviderDocuments } from './provider-documents.ts';
import { createProviderKeys } from './provider-keys.ts';

const ISSUER = 'https://login.example';
const trust = { tenantId: 'a', issuer: ISSUER };

async function publicKey(kid: string): Promise<JWK> {
  const { publicKey: key } = await generateKeyPair('RS256');
  return { ...(await exportJWK(key)), kid, alg: 'RS256' };
}

/** Keys over a provider that answers at once, or not before it is let. */
async function start() {
  let nowMs = 0;
  let reads = 0;
  let published = [await publicKey('old')];
  let held = Promise.resolve();
  const documents: ProviderDocuments = {
    discovery: async (issuer) => ({ issuer, jwksUri: `${issuer}/keys`, algorithms: null, date: null }),
    keys: async () => {
      reads += 1;
      await held;
      return published;
    },
  };
  const keys = createProviderKeys({ documents, clock: { now: () => new Date(nowMs) } });
  return {
    ask: async (kid: string) => {
      try {
        await keys(trust)({ alg: 'RS256', kid }, { payload: '', signature: '' });
        return 'found';
      } catch (error) {
        return (error as Error).name;
      }
    },
    reads: () => reads,
    pass: (minutes: number) => {
      nowMs += minutes * 60_000;
    },
    publish: async (kid: string) => {
      published = [await publicKey(kid)];
    },
    /** Stops answering; what it gives back lets it answer again. */
    hang: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return resolve;
    },
  };
}

const soon = <T>(work: Promise<T>) =>
  Promise.race([work, new Promise((resolve) => setTimeout(resolve, 500, 'waits'))]);

// sabotage: src/access/sso/provider-keys.ts :: else if (ageMs() > FRESH_MS) void askAgain(issuer, entry); => else if (ageMs() > FRESH_MS) await askAgain(issuer, entry);
test('keys that are no longer fresh let nobody wait while the provider is asked again', async () => {
  const provider = await start();
  expect(await provider.ask('old')).toBe('found');
  provider.pass(11);
  const answer = provider.hang();
  for (let n = 0; n < 5; n += 1) expect(await soon(provider.ask('old'))).toBe('found');
  expect(provider.reads()).toBe(2);
  await provider.publish('new');
  answer();
  await expect.poll(() => provider.ask('old')).toBe('JWKSNoMatchingKey');
  expect(await provider.ask('new')).toBe('found');
  expect(provider.reads()).toBe(2);
});

test('a token with a new key waits for the answer that is under way', async () => {
  const provider = await start();
  await provider.ask('old');
  provider.pass(11);
  const answer = provider.hang();
  await provider.publish('new');
  const asked = provider.ask('new');
  expect(await soon(asked)).toBe('waits');
  answer();
  expect(await asked).toBe('found');
});

test('keys that are too old to be used wait for the provider', async () => {
  const provider = await start();
  await provider.ask('old');
  provider.pass(61);
  const answer = provider.hang();
  const asked = provider.ask('old');
  expect(await soon(asked)).toBe('waits');
  answer();
  expect(await asked).toBe('found');
});
