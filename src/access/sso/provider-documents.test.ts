import { expect, test } from 'vitest';
import { createAuthority } from '../../../examples/server/authority.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createGuardedFetch } from '../../runtime/egress/fetch.ts';
import { createEgressGuard } from '../../runtime/egress/guard.ts';
import { serveTls } from '../../runtime/egress/test-servers.ts';
import { createProviderDocuments } from './provider-documents.ts';

const DAY_MS = 86_400_000;

/** Two issuers on one host name: one answers with these keys, the other never. */
async function startProviders(keys: unknown[] = []) {
  const authority = await createAuthority();
  const at = (days: number) => new Date(Date.now() + days * DAY_MS);
  const certificate = await authority.issue({ names: ['shared.test'], notBefore: at(-1), notAfter: at(1) });
  const hanging = await serveTls(certificate, () => {});
  const { port } = await serveTls(certificate, ({ url }, response) => {
    response.end(JSON.stringify(url === '/keys' ? { keys } : { issuer, jwks_uri: `${issuer}/keys` }));
  });
  const issuer = `https://shared.test:${port}`;
  const allowTargets = `shared.test:${port}=127.0.0.1,shared.test:${hanging.port}=127.0.0.1`;
  const guard = createEgressGuard({ allowTargets });
  const extraCa = authority.certificatePem;
  const fetch = createGuardedFetch({ guard, clock: systemClock, extraCa, userAgent: 'AgOS' });
  return {
    documents: createProviderDocuments(fetch),
    issuer,
    hanging: `https://shared.test:${hanging.port}`,
  };
}

// sabotage: src/access/sso/provider-documents.ts :: const session = fetch.open({ tls: 'verify', inLine: false }); => const session = fetch.open({ tls: 'verify', inLine: true });
test('an issuer that never answers holds up no other on the same host, and its own readers for three seconds in all', async () => {
  const { documents, issuer, hanging } = await startProviders();
  const startedMs = performance.now();
  const stuck = Array.from({ length: 3 }, () =>
    documents.discovery(hanging).catch((error: Error) => error.message),
  );
  expect(await documents.discovery(issuer)).toMatchObject({ issuer });
  expect(performance.now() - startedMs).toBeLessThan(1_500);
  for (const message of await Promise.all(stuck)) expect(message).toContain('within 3 seconds');
  expect(performance.now() - startedMs).toBeLessThan(4_500);
});

// sabotage: src/access/sso/provider-documents.ts :: .slice(0, MAX_KEYS) =>
test('of a document, so many keys are kept, each in its known parts', async () => {
  const key = { kty: 'RSA', n: 'n', e: 'AQAB' };
  const { documents, issuer } = await startProviders(Array(500).fill({ ...key, x5c: ['more'] }));
  expect(await documents.keys(`${issuer}/keys`)).toEqual(Array(32).fill(key));
});
