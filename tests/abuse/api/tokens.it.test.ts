import { createHmac, generateKeyPairSync } from 'node:crypto';
import { SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestApp, type TestApp } from '../../support/app.ts';
import {
  inMinutes,
  startIdentityProvider,
  TEST_AUDIENCE,
  type TestIdentityProvider,
} from '../../support/identity-provider.ts';
import { createKey, createMember, createTenant, TEST_ISSUER, type TestTenant } from '../../support/tenant.ts';

let app: TestApp;
let tenant: TestTenant;
let other: TestTenant;
let provider: TestIdentityProvider;
beforeAll(async () => {
  provider = await startIdentityProvider();
  app = await createTestApp({ issuers: [provider.issuer] });
  tenant = await createTenant(app.database);
  other = await createTenant(app.database);
});
afterAll(async () => {
  await provider.close();
  await app.close();
});

const me = (token: string, headers: Record<string, string> = { 'agos-tenant': tenant.id }) =>
  app.request('GET', '/v1/me', { headers: { authorization: `Bearer ${token}`, ...headers } });
const subject = () => tenant.members.operator.subject;

test('a person is who the issuer says, with the role of the membership', async () => {
  const { status, body } = await me(await provider.token(subject()));
  expect([status, body.role, body.principal.id]).toEqual([200, 'operator', tenant.members.operator.id]);
});

test('an RSA key works as well as an elliptic one', async () => {
  expect((await me(await provider.rsaToken(subject(), 'RS256'))).status).toBe(200);
});

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const claims = (sub: string) => ({ iss: TEST_ISSUER, aud: TEST_AUDIENCE, sub, exp: inMinutes(5) });

/** The classic confusion: the public key, which anybody has, used as an HMAC secret. */
function signedWithPublicKey(sub: string): string {
  const content = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims(sub))}`;
  return `${content}.${createHmac('sha256', provider.publicPem).update(content).digest('base64url')}`;
}

async function signedByStranger(sub: string): Promise<string> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return new SignJWT(claims(sub)).setProtectedHeader({ alg: 'ES256' }).sign(privateKey);
}

async function altered(sub: string): Promise<string> {
  const [header, , signature] = (await provider.token(sub)).split('.');
  return `${header}.${part(claims(tenant.members.owner.subject))}.${signature}`;
}

const FORGERIES: [string, (sub: string) => string | Promise<string>][] = [
  ['alg none', (sub) => new UnsecuredJWT(claims(sub)).encode()],
  ['HS256 with the public key', signedWithPublicKey],
  ['expired', (sub) => provider.token(sub, { exp: inMinutes(-1) })],
  ['not valid yet', (sub) => provider.token(sub, { nbf: inMinutes(10) })],
  ['wrong audience', (sub) => provider.token(sub, { aud: 'somebody-else' })],
  ['unknown issuer', (sub) => provider.token(sub, { iss: 'https://evil.example' })],
  ['no expiry', (sub) => provider.token(sub, { exp: undefined as never })],
  ['no subject', () => provider.token('', { sub: undefined as never })],
  ['a good signature by an algorithm that is not on the list', (sub) => provider.rsaToken(sub, 'RS512')],
  ['a subject that no column can hold', () => provider.token('a\u0000b')],
  ['a subject that is no text', () => provider.token('', { sub: 5 as never })],
  ['odd kid', (sub) => provider.token(sub, {}, { kid: '../../etc/passwd' })],
  ['a kid that is SQL', (sub) => provider.token(sub, {}, { kid: "' or 1=1 --" })],
  [
    'a key of its own in the header',
    (sub) => provider.token(sub, {}, { kid: 'mine', jku: 'http://evil.example' }),
  ],
  ["a stranger's signature", signedByStranger],
  ['an altered payload', altered],
  ['no token at all', () => 'nonsense'],
  ['only dots', () => '..'],
];

// sabotage: src/access/identity/tokens.ts :: audience: by.audience, =>
// sabotage: src/access/identity/tokens.ts :: requiredClaims: ['sub', 'exp'], =>
// sabotage: src/access/identity/tokens.ts :: currentDate: by.now, => currentDate: new Date(0),
test.each(FORGERIES)('401 token_invalid, and nothing said about why: %s', async (_name, forge) => {
  const { status, body, headers } = await me(await forge(subject()));
  expect([status, body.error]).toEqual([401, 'token_invalid']);
  expect(body.message).toBe('The bearer token is not valid. Get a new one and try again.');
  expect(body.details).toEqual({ class: 'authentication_failed' });
  expect(headers.get('www-authenticate')).toBe('Bearer');
});

test('odd kids do not make the server ask the issuer for keys again and again', async () => {
  await me(await provider.token(subject()));
  const before = provider.fetches();
  for (let i = 0; i < 20; i += 1) await me(await provider.token(subject(), {}, { kid: `odd-${i}` }));
  expect(provider.fetches() - before).toBeLessThanOrEqual(1);
});

test('an issuer that does not answer is our trouble, not the caller’s: 503 with Retry-After', async () => {
  const dead = { ...provider.issuer, issuer: 'https://dead.example', jwksUrl: 'http://127.0.0.1:1/keys' };
  const lonely = await createTestApp({ issuers: [dead] });
  const token = await provider.token(subject(), { iss: dead.issuer });
  const answer = await lonely.request('GET', '/v1/members', {
    headers: { authorization: `Bearer ${token}` },
  });
  expect([answer.status, answer.body.error]).toEqual([503, 'identity_provider_unavailable']);
  expect(answer.headers.get('retry-after')).toBe('5');
  await lonely.close();
});

test('AgOS-Tenant chooses among memberships; a tenant of others is answered like one that does not exist', async () => {
  const member = await createMember(app.database, other.id, 'viewer', subject());
  const token = await provider.token(subject());
  const unsaid = await me(token, {});
  expect([unsaid.status, unsaid.body.error]).toEqual([400, 'invalid_request']);
  expect(unsaid.body.details.tenants.map(({ id }: { id: string }) => id).sort()).toEqual(
    [tenant.id, other.id].sort(),
  );
  expect((await me(token, { 'agos-tenant': other.id })).body.principal.id).toBe(member.id);
  expect((await me(token, { 'agos-tenant': tenant.id })).body.role).toBe('operator');
  const third = await createTenant(app.database);
  const foreign = await me(token, { 'agos-tenant': third.id });
  const unknown = await me(token, { 'agos-tenant': '01890000-0000-7000-8000-000000000000' });
  const nonsense = await me(token, { 'agos-tenant': "' or true --" });
  for (const answer of [foreign, unknown, nonsense]) {
    expect([answer.status, answer.body.error, answer.body.message]).toEqual([
      403,
      'permission_denied',
      'You are not a member of this tenant.',
    ]);
  }
  const nobody = await me(await provider.token('nobody'));
  expect([nobody.status, nobody.body.message]).toEqual([403, foreign.body.message]);
});

// sabotage: src/access/identity/authenticate.ts :: if (wanted === null && memberships.length > 0) { => if (wanted === null && memberships.length > 1) {
test('a tenant that adds somebody without asking changes nothing for them: a token never says by itself which is meant', async () => {
  const person = await createMember(app.database, tenant.id, 'operator');
  const token = await provider.token(person.subject);
  const before = [await me(token, {}), await me(token)];
  expect(before.map(({ status }) => status)).toEqual([400, 200]);
  await createMember(app.database, other.id, 'viewer', person.subject);
  const after = [await me(token, {}), await me(token)];
  expect(after.map(({ status }) => status)).toEqual([400, 200]);
  expect(after[1]!.body).toEqual(before[1]!.body);
});

test('the same subject at another issuer is another person', async () => {
  const twin = await startIdentityProvider();
  const issuer = { ...twin.issuer, issuer: 'https://twin.example' };
  const both = await createTestApp({ issuers: [provider.issuer, issuer] });
  const home = await createTenant(both.database);
  const token = await twin.token(home.members.owner.subject, { iss: issuer.issuer });
  const headers = { authorization: `Bearer ${token}`, 'agos-tenant': home.id };
  const answer = await both.request('GET', '/v1/me', { headers });
  expect(answer.status).toBe(403);
  await twin.close();
  await both.close();
});

// sabotage: src/access/identity/authenticate.ts :: isNull(members.removedAt), =>
// sabotage: src/access/keys/verify-key.ts :: isNull(apiKeys.revokedAt), =>
// sabotage: src/access/keys/verify-key.ts :: if (!found || (found.key.expiresAt && found.key.expiresAt <= now)) return null; => if (!found) return null;
test('a removed member and a revoked or expired key are out at once', async () => {
  const owner = tenant.keys.owner.headers;
  const person = await createMember(app.database, tenant.id, 'analyst');
  const token = await provider.token(person.subject);
  expect((await me(token)).status).toBe(200);
  expect((await app.request('DELETE', `/v1/members/${person.id}`, { headers: owner })).status).toBe(204);
  expect((await me(token)).status).toBe(403);

  const key = await createKey(app.database, tenant.id, 'viewer');
  expect((await me(key.key)).status).toBe(200);
  expect((await app.request('DELETE', `/v1/keys/${key.id}`, { headers: owner })).status).toBe(204);
  expect((await me(key.key)).body.error).toBe('token_invalid');

  const short = await createKey(app.database, tenant.id, 'viewer');
  await app.database
    .admin`update api_keys set expires_at = now() - interval '1 second' where id = ${short.id}`;
  expect((await me(short.key)).body.error).toBe('token_invalid');
});

test('a key is stored as a hash only, and belongs to its tenant', async () => {
  const { key, id } = tenant.keys.owner;
  const [row] = await app.database.admin`select * from api_keys where id = ${id}`;
  expect(JSON.stringify(row)).not.toContain(key.slice(14));
  expect((await me(key, { 'agos-tenant': other.id })).status).toBe(403);
  expect((await me(`${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`)).body.error).toBe('token_invalid');
});

test('a suspended tenant reads and starts nothing; a closed one does not even read', async () => {
  const home = await createTenant(app.database);
  const { headers } = home.keys.owner;
  await app.database.admin`update tenants set status = 'suspended' where id = ${home.id}`;
  expect((await app.request('GET', '/v1/members', { headers })).status).toBe(200);
  const json = { url: 'https://bakery.example' };
  const refused = await app.request('POST', '/v1/leads', { headers, json });
  expect([refused.status, refused.body.error]).toEqual([403, 'tenant_suspended']);
  await app.database.admin`update tenants set status = 'closed' where id = ${home.id}`;
  expect((await app.request('GET', '/v1/me', { headers })).body.error).toBe('tenant_suspended');
});
