import type { RequestListener } from 'node:http';
import { SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { createAuthority } from '../../../examples/server/authority.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createGuardedFetch } from '../../runtime/egress/fetch.ts';
import { createEgressGuard } from '../../runtime/egress/guard.ts';
import { serve, serveTls } from '../../runtime/egress/test-servers.ts';
import { createProviders } from './provider-keys.ts';
import { testConnection } from './test-connection.ts';
import { readToken } from './test-mapping.ts';

const DAY_MS = 86_400_000;

/** Serves a hostile document, and tells what a connection test and twenty tokens at once make of it. */
async function meet(hostile: (issuer: string) => RequestListener) {
  const authority = await createAuthority();
  const at = (days: number) => new Date(Date.now() + days * DAY_MS);
  const certificate = await authority.issue({ names: ['hostile.test'], notBefore: at(-1), notAfter: at(1) });
  let answer: RequestListener = () => {};
  let requests = 0;
  const { port } = await serveTls(certificate, (request, response) => {
    requests += 1;
    answer(request, response);
  });
  const issuer = `https://hostile.test:${port}`;
  answer = hostile(issuer);
  const guard = createEgressGuard({ allowTargets: `hostile.test:${port}=127.0.0.1` });
  const clock = systemClock;
  const extraCa = authority.certificatePem;
  const { documents, keys } = createProviders({
    fetch: createGuardedFetch({ guard, clock, extraCa, userAgent: 'AgOS' }),
    clock,
  });
  const steps = await testConnection({ documents, clock }, issuer);
  requests = 0;
  const token = await new SignJWT({ iss: issuer, aud: 'agos', sub: 'ada' })
    .setExpirationTime('5m')
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new Uint8Array(32));
  const forged = `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.${token.split('.').slice(1).join('.')}`;
  const connection = { tenantId: 'one', issuer, audience: 'agos' } as never;
  const tokens = [token, ...Array.from({ length: 20 }, () => forged)];
  const read = await Promise.all(
    tokens.map((one) => readToken(keys, connection, { token: one, now: new Date() })),
  );
  return {
    problem: steps.find(({ result }) => result === 'failed')?.message,
    read,
    requests: () => requests,
  };
}

const json =
  (value: unknown): RequestListener =>
  (_request, response) =>
    void response.end(JSON.stringify(value));
const redirect =
  (location: string): RequestListener =>
  (_request, response) =>
    void response.writeHead(302, { location }).end();
const discovery = (issuer: string, more = {}) => ({ issuer, jwks_uri: `${issuer}/keys`, ...more });
const secretKey = { kty: 'oct', k: Buffer.alloc(32).toString('base64url') };

type Hostile = (issuer: string, insidePort: number) => RequestListener;
const HOSTILE: [string, RegExp, Hostile][] = [
  ['a redirect to a metadata address', /not followed/, () => redirect('http://169.254.169.254/latest')],
  ['a redirect to a service inside', /not followed/, (_, port) => redirect(`http://127.0.0.1:${port}/`)],
  [
    'ten megabytes',
    /larger than 256 KB/,
    () => (_request, response) => void response.end(Buffer.alloc(10 * 1024 * 1024, 32)),
  ],
  [
    'a drip without end',
    /within 3 seconds/,
    () => (_request, response) => {
      const drip = setInterval(() => response.write(' '), 200);
      response.on('close', () => clearInterval(drip));
    },
  ],
  [
    'keys on an address inside',
    /not a public internet address/,
    (issuer, port) => json(discovery(issuer, { jwks_uri: `https://127.0.0.1:${port}/keys` })),
  ],
  [
    'keys over plain http',
    /not an https address/,
    (issuer) => json(discovery(issuer, { jwks_uri: 'http://keys.example/' })),
  ],
  ['the document of somebody else', /must be equal/, () => json(discovery('https://accounts.google.com'))],
  [
    'only algorithms with a shared secret',
    /signs with none of/,
    (issuer) => json(discovery(issuer, { id_token_signing_alg_values_supported: ['HS256', 'none'] })),
  ],
  [
    'a secret key in public',
    /no public key/,
    (issuer) => (request, response) =>
      json(request.url === '/keys' ? { keys: [secretKey] } : discovery(issuer))(request, response),
  ],
  [
    'no JSON',
    /does not answer with a JSON object/,
    () => (_request, response) => void response.end('<html>'),
  ],
  ['a fault of its own', /status 500/, () => (_request, response) => void response.writeHead(500).end()],
];

// sabotage: src/access/sso/provider-documents.ts :: maxRedirects: 0, =>
// sabotage: src/access/sso/provider-documents.ts :: if (!url.startsWith('https://')) => if (url === '')
// sabotage: src/access/sso/public-key.ts :: if (kty !== 'RSA' && kty !== 'EC' && kty !== 'OKP') return false; =>
// sabotage: src/access/sso/provider-documents.ts :: maxBytes: MAX_BYTES, => maxBytes: 64 * MAX_BYTES,
// sabotage: src/access/sso/provider-keys.ts :: if (asked === named) return; => return;
test.each(HOSTILE)(
  '%s: told in a sentence, lets nobody in, asks once for twenty tokens and never inside',
  async (_name, sentence, hostile) => {
    const inside = await serve((_request, response) => void response.end('secret'));
    const { problem, read, requests } = await meet((issuer) => hostile(issuer, inside.port));
    expect(problem).toMatch(sentence);
    for (const one of read) expect(one).toHaveProperty('refused');
    expect(JSON.stringify([problem, read])).not.toContain('secret');
    expect(requests(), 'a document and its keys').toBeLessThanOrEqual(2);
    expect(inside.connections()).toBe(0);
  },
);
