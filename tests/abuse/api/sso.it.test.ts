import { createHmac, generateKeyPairSync } from 'node:crypto';
import { exportSPKI, importJWK, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestApp, reaching, type TestApp } from '../../support/app.ts';
import { inMinutes } from '../../support/identity-provider.ts';
import { type OidcProvider, startOidcProvider } from '../../support/oidc-provider.ts';
import { createTenant, type TestTenant } from '../../support/tenant.ts';

let provider: OidcProvider;
let app: TestApp;
let tenant: TestTenant;
let stranger: TestTenant;
beforeAll(async () => {
  provider = await startOidcProvider();
  app = await createTestApp({ ...reaching(provider.reach) });
  tenant = await createTenant(app.database);
  stranger = await createTenant(app.database, 'Stranger');
  await connect(tenant, { issuer: provider.issuer, rules: ADMINS });
  provider.people.set('ada', { groups: ['it'] });
});
afterAll(async () => {
  await app.close();
  await provider.close();
});

const ADMINS = [{ claim: ['groups'], values: ['it'], role: 'admin' }];

async function connect(of: TestTenant, change: Record<string, unknown>, at = app): Promise<string> {
  const json = { name: 'Login', audience: 'agos', default_role: 'viewer', ...change };
  const made = await at.request('POST', '/v1/sso-connections', { headers: of.keys.owner.headers, json });
  expect(made.status, made.text).toBe(201);
  return made.body.id;
}
const me = (token: string, of: TestTenant | null, at = app) =>
  at.request('GET', '/v1/me', {
    headers: { authorization: `Bearer ${token}`, ...(of && { 'agos-tenant': of.id }) },
  });

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const claims = (more = {}) => ({
  iss: provider.issuer,
  aud: 'agos',
  sub: 'ada',
  groups: ['it'],
  exp: inMinutes(5),
  ...more,
});
const { privateKey: own } = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** The classic confusion: the provider's public key, which anybody has, used as an HMAC secret. */
async function signedWithPublicKey(): Promise<string> {
  const [jwk] = await provider.publicKeys();
  const pem = await exportSPKI((await importJWK(jwk!, 'RS256', { extractable: true })) as never);
  const content = `${part({ alg: 'HS256', typ: 'JWT', kid: jwk!.kid })}.${part(claims())}`;
  return `${content}.${createHmac('sha256', pem).update(content).digest('base64url')}`;
}

async function signedByStranger(more = {}): Promise<string> {
  const [jwk] = await provider.publicKeys();
  return new SignJWT(claims(more)).setProtectedHeader({ alg: 'RS256', kid: jwk!.kid! }).sign(own);
}

async function altered(): Promise<string> {
  const [header, , signature] = (await provider.token('ada')).split('.');
  return `${header}.${part(claims({ groups: ['it', 'chiefs'] }))}.${signature}`;
}

const FORGERIES: [string, () => string | Promise<string>][] = [
  ['alg none', () => new UnsecuredJWT(claims()).encode()],
  ['HS256 with the public key', signedWithPublicKey],
  ["HS256 with the client's secret, by the provider itself", () => provider.token('ada', 'weak')],
  ['a token for another client of the same provider', () => provider.token('ada', 'elsewhere')],
  ['a stranger’s signature', () => signedByStranger()],
  ['changed claims under a good signature', altered],
  ['an issuer with a slash more', () => signedByStranger({ iss: `${provider.issuer}/` })],
];

// sabotage: src/access/identity/tokens.ts :: audience: by.audience, =>
test.each(FORGERIES)('%s: refused, and says nothing of why', async (_name, forge) => {
  const { status, body } = await me(await forge(), tenant);
  expect([status, body.error, body.message]).toEqual([
    401,
    'token_invalid',
    'The bearer token is not valid. Get a new one and try again.',
  ]);
});

test('an expired token is refused', async () => {
  const token = await provider.token('ada');
  const clock = { now: () => new Date(Date.now() + 7_200_000) };
  const later = await createTestApp({ clock, ...reaching({ ...provider.reach, clock }) }, undefined);
  const home = await createTenant(later.database);
  await connect(home, { issuer: provider.issuer }, later);
  expect((await me(token, home, later)).body.error).toBe('token_invalid');
  await later.close();
});

describe('two tenants', () => {
  test('an issuer that one tenant trusts lets nobody into another, nor anybody in without naming the tenant', async () => {
    const token = await provider.token('ada');
    expect((await me(token, tenant)).body).toMatchObject({ tenant: { id: tenant.id }, role: 'admin' });
    for (const answer of [await me(token, stranger), await me(token, null)]) {
      expect([answer.status, answer.body.error]).toEqual([401, 'token_invalid']);
    }
    // Also where the stranger lists the person as a member by hand.
    const json = { issuer: provider.issuer, subject: 'ada', role: 'owner' };
    const added = await app.request('POST', '/v1/members', { headers: stranger.keys.owner.headers, json });
    expect(added.status).toBe(201);
    for (const of of [stranger, null]) expect((await me(token, of)).status).toBe(401);
    expect((await me(token, tenant)).body.tenant.id).toBe(tenant.id);
  });

  test('a provider of the stranger’s own, with the subjects of our people, is the stranger’s alone', async () => {
    const evil = await startOidcProvider('evil.test');
    const both = await createTestApp({
      ...reaching({
        allowTargets: `${provider.reach.allowTargets},${evil.reach.allowTargets}`,
        extraCa: evil.reach.extraCa,
      }),
    });
    const ours = await createTenant(both.database);
    const theirs = await createTenant(both.database);
    const rules = [{ claim: ['groups'], values: ['it'], role: 'owner' }];
    await connect(theirs, { issuer: evil.issuer, rules, may_grant_owner: true }, both);
    const { subject } = ours.members.owner;
    evil.people.set(subject, { groups: ['it'] });
    const token = await evil.token(subject);
    expect((await me(token, theirs, both)).body).toMatchObject({ role: 'owner', tenant: { id: theirs.id } });
    expect((await me(token, ours, both)).status).toBe(401);
    await both.close();
    await evil.close();
  });

  test('both may trust one issuer: each has its own membership, its own role and its own list', async () => {
    const third = await createTenant(app.database);
    await connect(third, { issuer: provider.issuer, default_role: 'viewer' });
    provider.people.set('ben', { groups: ['it'] });
    const token = await provider.token('ben');
    const here = (await me(token, tenant)).body;
    const there = (await me(token, third)).body;
    expect([here.role, there.role]).toEqual(['admin', 'viewer']);
    expect(here.principal.id).not.toBe(there.principal.id);
  });
});

test('a provider that does not answer with its documents: 503 for who could be good, and a time to try again', async () => {
  const issuer = 'https://login.nobody.example';
  await connect(tenant, { issuer });
  const answer = await me(await signedByStranger({ iss: issuer }), tenant);
  expect([answer.status, answer.body.error]).toEqual([503, 'identity_provider_unavailable']);
  expect(answer.headers.get('retry-after')).toBe('5');
});

// sabotage: src/access/sso/provider-keys.ts :: if (nowMs() - entry.askedAtMs < ASK_AGAIN_MS) return false; =>
test('tokens with unknown keys make nobody ask the provider again and again', async () => {
  const mine = await createTestApp({ ...reaching(provider.reach) });
  const home = await createTenant(mine.database);
  await connect(home, { issuer: provider.issuer }, mine);
  const reads = provider.keyReads();
  for (let n = 0; n < 30; n += 1) {
    const token = await new SignJWT(claims())
      .setProtectedHeader({ alg: 'RS256', kid: `unknown-${n}` })
      .sign(own);
    expect((await me(token, home, mine)).status).toBe(401);
  }
  expect(provider.keyReads() - reads).toBe(1);
  await mine.close();
});

test.each([
  'http://login.example',
  'https://127.0.0.1',
  'https://user:secret@login.example',
  'https://login.example:6379',
  'https://login.example/?tenant=1',
  'https://metadata.internal',
  'login.example',
])('an issuer that is none is refused: %s', async (issuer) => {
  const json = { name: 'Login', audience: 'agos', issuer };
  const answer = await app.request('POST', '/v1/sso-connections', {
    headers: tenant.keys.owner.headers,
    json,
  });
  expect([answer.status, answer.body.details.field]).toEqual([422, 'issuer']);
});
