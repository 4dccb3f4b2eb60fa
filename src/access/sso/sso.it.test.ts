import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestApp, reaching, type TestApp } from '../../../tests/support/app.ts';
import { type OidcProvider, startOidcProvider } from '../../../tests/support/oidc-provider.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import type { Database } from '../../runtime/database/database.ts';
import { createSignIn } from './sign-in.ts';

let provider: OidcProvider;
let app: TestApp;
let tenant: TestTenant;
let aheadMs = 0;
const clock = { now: () => new Date(Date.now() + aheadMs) };
beforeAll(async () => {
  provider = await startOidcProvider();
  app = await createTestApp({ clock, ...reaching({ ...provider.reach, clock }) });
});
beforeEach(async () => {
  tenant = await createTenant(app.database);
});
afterAll(async () => {
  await app.close();
  await provider.close();
});

const RULES = [
  { claim: ['groups'], values: ['agos-admins'], role: 'admin' },
  { claim: ['groups'], values: ['sales', 'support'], role: 'operator' },
];
const as = (role: 'owner' | 'admin' | 'analyst', method: string, path: string, json?: unknown) =>
  app.request(method, path, { headers: tenant.keys[role].headers, ...(json !== undefined && { json }) });

async function connect(change: Record<string, unknown> = {}) {
  const json = { name: 'Login', issuer: provider.issuer, audience: 'agos', rules: RULES, ...change };
  const made = await as('owner', 'POST', '/v1/sso-connections', json);
  expect(made.status, made.text).toBe(201);
  return made.body;
}

const headersOf = async (subject: string, groups: unknown) => {
  provider.people.set(subject, { name: 'Ada Lovelace', groups });
  return { authorization: `Bearer ${await provider.token(subject)}`, 'agos-tenant': tenant.id };
};
const me = async (subject: string, groups: unknown) =>
  app.request('GET', '/v1/me', { headers: await headersOf(subject, groups) });
const membersOf = async (subject: string) =>
  (await as('owner', 'GET', '/v1/members?limit=100')).body.data.filter(
    (one: { subject: string }) => one.subject === subject,
  );
const auditOf = async (id: string) =>
  (await as('owner', 'GET', `/v1/audit-log?resource_id=${id}&sort=at`)).body.data;

test('who brings a token becomes a member, and has at each token the role that its claims give', async () => {
  const connection = await connect();
  const first = await me('ada', ['staff', 'sales']);
  expect(first.body).toMatchObject({
    role: 'operator',
    sees: 'all',
    principal: { kind: 'member', name: 'Ada Lovelace' },
  });
  const [member] = await membersOf('ada');
  expect(member).toMatchObject({
    issuer: provider.issuer,
    role: 'operator',
    role_source: 'sso',
    email: null,
  });
  expect((await me('ada', ['agos-admins'])).body).toMatchObject({
    role: 'admin',
    principal: { id: member.id },
  });
  expect((await me('ada', ['agos-admins'])).status).toBe(200);
  expect((await me('ada', ['staff'])).body.error).toBe('permission_denied');
  expect(await membersOf('ada')).toHaveLength(1);
  const log = await auditOf(member.id);
  const by = { sso_connection: connection.id, version: 1 };
  expect(log.map(({ action, details }: Record<string, unknown>) => ({ action, details }))).toEqual([
    { action: 'member.added', details: { role: 'operator', rule: 1, ...by } },
    {
      action: 'member.changed',
      details: { role: 'admin', from: 'operator', revoked_keys: 0, rule: 0, ...by },
    },
  ]);
  expect(log[0].actor).toEqual({ kind: 'system', id: connection.id });
  expect(log[0].request_id).toBe(first.headers.get('x-request-id'));
});

// sabotage: src/access/sso/sign-in.ts :: { member: row.id, above: role }, => { member: newId(), above: role },
test('with a lower role by claims go the keys above it that the person made', async () => {
  await connect();
  const [high, low] = [await keyMadeBy('kim', 'admin'), await keyMadeBy('kim', 'operator')];
  expect((await me('kim', ['sales'])).body.role).toBe('operator');
  expect([await statusBy(high), await statusBy(low)]).toEqual([401, 200]);
});

// sabotage: src/access/sso/sign-in.ts :: if (known) await takeKeysBack(door, known); =>
test('with the last claim that lets them in go all keys that the person made, and nobody else’s', async () => {
  await connect();
  const [own, other] = [await keyMadeBy('lea', 'operator'), await keyMadeBy('max', 'operator')];
  expect((await me('lea', ['staff'])).status).toBe(403);
  expect([await statusBy(own), await statusBy(other)]).toEqual([401, 200]);
  expect((await me('lea', ['sales'])).body.role).toBe('operator');
});

/** A key that a person of the provider makes as an admin. */
async function keyMadeBy(subject: string, role: string): Promise<Record<string, string>> {
  const headers = await headersOf(subject, ['agos-admins']);
  const made = await app.request('POST', '/v1/keys', { headers, json: { name: role, role } });
  expect(made.status).toBe(201);
  return { authorization: `Bearer ${made.body.key}` };
}

async function statusBy(headers: Record<string, string>): Promise<number> {
  return (await app.request('GET', '/v1/me', { headers })).status;
}

test('a role that a person has set stays until claims are followed again; whom a person removed stays out', async () => {
  await connect();
  await me('bob', ['sales']);
  const [{ id }] = await membersOf('bob');
  const set = (json: unknown) => as('owner', 'PATCH', `/v1/members/${id}`, json);
  expect((await set({ role: 'viewer' })).body).toMatchObject({ role: 'viewer', role_source: 'manual' });
  expect((await me('bob', ['agos-admins'])).body.role).toBe('viewer');
  expect((await me('bob', [])).body.role).toBe('viewer');
  expect((await set({ role: 'viewer', role_source: 'sso' })).status).toBe(422);
  expect((await set({ role_source: 'sso' })).body.role_source).toBe('sso');
  expect((await me('bob', ['agos-admins'])).body.role).toBe('admin');
  await as('owner', 'DELETE', `/v1/members/${id}`);
  expect((await me('bob', ['agos-admins'])).status).toBe(403);
  const json = { issuer: provider.issuer, subject: 'bob', role: 'editor' };
  expect((await as('owner', 'POST', '/v1/members', json)).status).toBe(201);
  expect((await me('bob', ['agos-admins'])).body.role).toBe('editor');
});

test('of first tokens that come at once, one makes the membership', async () => {
  await connect({ default_role: 'viewer' });
  provider.people.set('cleo', {});
  const headers = { authorization: `Bearer ${await provider.token('cleo')}`, 'agos-tenant': tenant.id };
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => app.request('GET', '/v1/me', { headers })),
  );
  expect(new Set(answers.map(({ body }) => body.principal?.id)).size).toBe(1);
  const [member] = await membersOf('cleo');
  expect(await auditOf(member.id)).toHaveLength(1);
});

// sabotage: src/api/kit/admit.ts :: stand(await count(request, arrival)); => const opened = await arrival.enter(); stand(await count(request, arrival)); return opened;
test('of a first token that the tenant has no request left for, nothing is written', async () => {
  const { id } = await connect({ default_role: 'viewer' });
  await app.database.admin`insert into request_buckets (tenant_id, used, measured_at)
    values (${tenant.id}, 9000000000000, clock_timestamp() + interval '1 hour')
    on conflict (tenant_id) do update set used = excluded.used, measured_at = excluded.measured_at`;
  expect((await me('hugo', [])).body.error).toBe('rate_limit_exceeded');
  expect(await app.database.admin`select id from members where subject = 'hugo'`).toEqual([]);
  const audit = await app.database.admin`select action from audit_log where actor_id = ${id}`;
  expect(audit).toEqual([]);
});

// sabotage: src/access/sso/sign-in.ts :: const find = together((asked: readonly Trust[]) => findTrusted(deps.db, asked)); => const find = async (one: Trust) => (await findTrusted(deps.db, [one]))[0];
// sabotage: src/access/sso/repository.ts :: const nameOf = ({ tenantId, issuer }: Trust): string => `${tenantId} ${issuer}`; => const nameOf = ({ issuer }: Trust): string => issuer;
// sabotage: src/access/sso/repository.ts :: and(eq(ssoConnections.tenantId, tenantId), eq(ssoConnections.issuer, issuer)), => eq(ssoConnections.issuer, issuer),
test('issuers of a burst are looked up together, and each token finds its own tenant or none', async () => {
  await connect({ default_role: 'viewer' });
  const own = tenant;
  tenant = await createTenant(app.database);
  await connect({ default_role: 'viewer' }); // of a tenant that nobody asks for
  tenant = own;
  const { db } = app.database;
  let statements = 0;
  let found = 0;
  const counting: Database = {
    ...db,
    withSystem: async (purpose, fn) => {
      statements += 1;
      const rows = await db.withSystem(purpose, fn);
      found += (rows as unknown[]).length;
      return rows;
    },
  };
  const { keys } = reaching({ ...provider.reach, clock }).providers;
  const signIn = createSignIn({ db: counting, clock, keys, issuers: [] });
  const other = await createTenant(app.database);
  const token = await provider.token('iris');
  const made = (iss: string) => `e30.${Buffer.from(JSON.stringify({ iss })).toString('base64url')}.x`;
  const ask = (text: string, wanted: string) => signIn(text, wanted, { requestId: null, address: null });
  const strangers = Array.from({ length: 100 }, (_, n) => ask(made(`https://${n}.example`), tenant.id));
  const [arrived, elsewhere, broken] = [
    ask(token, tenant.id),
    ask(token, other.id),
    ask(made('https://\ud800\u0000.example'), tenant.id),
  ];
  expect((await arrived)?.tenant.id).toBe(tenant.id);
  expect(await Promise.all([elsewhere, broken, ...strangers])).toEqual(Array(102).fill(null));
  expect(statements).toBe(2);
  expect(found).toBe(1);
});

// sabotage: src/access/identity/tokens.ts :: if (sub.length > MAX_SUBJECT_CHARACTERS) throw tokenInvalid(); =>
test('a subject is at most 255 characters long, as OpenID Connect has it', async () => {
  await connect({ default_role: 'viewer' });
  expect((await me('s'.repeat(255), [])).status).toBe(200);
  expect((await me('s'.repeat(256), [])).body.error).toBe('token_invalid');
  const random = randomBytes(1_500).toString('hex');
  expect((await me(random, [])).body.error, 'more than a row of an index holds').toBe('token_invalid');
});

test('claims make an owner only where an owner has said so, and never unmake the last one', async () => {
  const rules = [{ claim: ['groups'], values: ['chiefs'], role: 'owner' }];
  const json = { name: 'Login', issuer: provider.issuer, audience: 'agos', rules };
  const refused = await as('owner', 'POST', '/v1/sso-connections', json);
  expect([refused.status, refused.body.details.field]).toEqual([422, 'may_grant_owner']);
  const { id } = await connect({ rules, may_grant_owner: true, default_role: 'viewer' });
  expect((await as('owner', 'PATCH', `/v1/sso-connections/${id}`, { may_grant_owner: false })).status).toBe(
    422,
  );
  expect((await me('dora', ['chiefs'])).body.role).toBe('owner');
  await app.database.admin`update members set removed_at = now()
    where tenant_id = ${tenant.id} and role = 'owner' and subject <> 'dora'`;
  expect((await me('dora', [])).body.role).toBe('viewer');
  expect((await membersOf('dora'))[0].role).toBe('owner');
});

test('only an owner changes connections, a narrowed key gives no more than it has, and each change is in the log', async () => {
  const { id } = await connect();
  const path = `/v1/sso-connections/${id}`;
  expect((await as('admin', 'PATCH', path, { enabled: false })).status).toBe(403);
  expect((await as('analyst', 'GET', path)).body).toMatchObject({ issuer: provider.issuer, version: 1 });
  const twice = { name: 'Again', issuer: provider.issuer, audience: 'x' };
  expect((await as('owner', 'POST', '/v1/sso-connections', twice)).body.error).toBe('conflict');
  const narrow = { name: 'sso', role: 'owner', scopes: ['sso:read', 'sso:write'] };
  const { key } = (await as('owner', 'POST', '/v1/keys', narrow)).body;
  const wider = await app.request('PATCH', path, {
    headers: { authorization: `Bearer ${key}` },
    json: { default_role: 'admin' },
  });
  expect([wider.status, wider.body.error]).toEqual([403, 'permission_denied']);
  expect((await as('owner', 'PATCH', path, { enabled: false })).body.enabled).toBe(false);
  expect((await me('eve', ['sales'])).status).toBe(401);
  expect((await as('owner', 'DELETE', path)).status).toBe(204);
  expect((await as('owner', 'GET', path)).status).toBe(404);
  expect((await auditOf(id)).map(({ action }: { action: string }) => action)).toEqual([
    'sso_connection.created',
    'sso_connection.changed',
    'sso_connection.removed',
  ]);
});

test('a new key at the provider is found, asked for at most twice a minute, and the old one is out', async () => {
  await connect();
  expect((await me('finn', ['sales'])).status).toBe(200);
  const old = await provider.token('finn');
  aheadMs += 31_000;
  await provider.rotate();
  const reads = provider.keyReads();
  expect((await me('finn', ['sales'])).status).toBe(200);
  const headers = { authorization: `Bearer ${old}`, 'agos-tenant': tenant.id };
  for (let n = 0; n < 5; n += 1) expect((await app.request('GET', '/v1/me', { headers })).status).toBe(401);
  expect(provider.keyReads() - reads).toBe(1);
});

test('the connection test says step by step what it found, and the sentence that mends it', async () => {
  const { id } = await connect();
  const good = (await as('owner', 'POST', `/v1/sso-connections/${id}/test`)).body;
  aheadMs += 60_000;
  const late = (await as('owner', 'POST', `/v1/sso-connections/${id}/test`)).body;
  aheadMs -= 60_000;
  const results = (body: { steps: { step: string; result: string }[] }) =>
    body.steps.map(({ step, result }) => [step, result]);
  expect(late.steps.at(-1)).toMatchObject({ step: 'clock', result: 'failed' });
  expect(results(good).slice(0, 4)).toEqual([
    ['discovery', 'passed'],
    ['issuer', 'passed'],
    ['algorithms', 'warning'],
    ['keys', 'passed'],
  ]);
  expect(good.steps[2].message).toContain('HS256');
  const slash = await connect({ issuer: `${provider.issuer}/` });
  const wrong = (await as('owner', 'POST', `/v1/sso-connections/${slash.id}/test`)).body;
  expect(wrong.passed).toBe(false);
  expect(wrong.steps[1]).toEqual({
    step: 'issuer',
    result: 'failed',
    message: `The provider calls itself ${provider.issuer}, the connection ${provider.issuer}/: they must be equal, each slash included.`,
  });
});

test('the mapping test says what a token or claims would give, which rule decided, and what a token lacks', async () => {
  const { id } = await connect();
  const ask = async (json: unknown) =>
    (await as('owner', 'POST', `/v1/sso-connections/${id}/test-mapping`, json)).body;
  expect(await ask({ claims: { sub: 'gina', groups: ['x', 'support'] } })).toMatchObject({
    role: 'operator',
    decided_by: 'rule',
    rule: 1,
    message: 'Role operator: rule 1 is the first that matches.',
    rules: [{ matched: false, found: ['x', 'support'] }, { matched: true }],
    member: null,
  });
  provider.people.set('gina', { groups: ['agos-admins'] });
  expect(await ask({ token: await provider.token('gina') })).toMatchObject({
    role: 'admin',
    subject: 'gina',
    refused: null,
  });
  expect(await membersOf('gina'), 'a test makes no member').toEqual([]);
  expect((await ask({ claims: {} })).message).toBe('Refused: no rule matches, and there is no default role.');
  const elsewhere = await ask({ token: await provider.token('gina', 'elsewhere') });
  expect(elsewhere.refused).toBe('The token is for "elsewhere", the connection expects agos.');
  expect((await ask({ token: await provider.token('gina', 'weak') })).refused).toMatch(/signed with "HS256"/);
  expect((await ask({ token: 'rubbish' })).refused).toBe('This is no token that can be read.');
  const token = await provider.token('gina');
  aheadMs += 7_200_000;
  expect((await ask({ token })).refused).toMatch(/^The token expired at /);
  aheadMs -= 7_200_000;
  const both = await as('owner', 'POST', `/v1/sso-connections/${id}/test-mapping`, { token, claims: {} });
  expect(both.status).toBe(422);
});
