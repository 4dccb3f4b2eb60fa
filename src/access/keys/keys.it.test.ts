import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestApp, type TestApp } from '../../../tests/support/app.ts';
import {
  startIdentityProvider,
  type TestIdentityProvider,
} from '../../../tests/support/identity-provider.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import type { Role } from '../../kernel/actor.ts';

let provider: TestIdentityProvider;
let app: TestApp;
let tenant: TestTenant;
beforeAll(async () => {
  provider = await startIdentityProvider();
  app = await createTestApp({ issuers: [provider.issuer] });
});
beforeEach(async () => {
  tenant = await createTenant(app.database);
});
afterAll(async () => {
  await app.close();
  await provider.close();
});

type Headers = Record<string, string>;
type MadeKey = { id: string; headers: Headers };

const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });
const asOwner = (method: string, path: string, json?: unknown) =>
  app.request(method, path, { headers: tenant.keys.owner.headers, ...(json !== undefined && { json }) });

async function memberHeaders(role: Role): Promise<Headers> {
  return { ...bearer(await provider.token(tenant.members[role].subject)), 'agos-tenant': tenant.id };
}

const askForKey = (headers: Headers, role: Role) =>
  app.request('POST', '/v1/keys', { headers, json: { name: `made, ${role}`, role } });

async function makeKey(headers: Headers, role: Role): Promise<MadeKey> {
  const { status, body } = await askForKey(headers, role);
  expect(status).toBe(201);
  return { id: body.id, headers: bearer(body.key) };
}

const statusOf = async ({ headers }: { headers: Headers }) =>
  (await app.request('GET', '/v1/me', { headers })).status;

const auditOf = async (id: string) =>
  (await asOwner('GET', `/v1/audit-log?resource_id=${id}&sort=at`)).body.data.at(-1);

// sabotage: src/access/members/change-members.ts :: const revokedKeys = await revokeKeysMadeBy(ctx, { member: member.id }); => const revokedKeys = 0;
// sabotage: src/access/keys/repository.ts :: select k.id from api_keys k join made on k.created_by = made.id where k.tenant_id = ${tenant} => select id from made
test('with a removed member go the keys that they made, and the keys that those made; nobody else loses one', async () => {
  const admin = await memberHeaders('admin');
  const made = await makeKey(admin, 'admin');
  const between = await makeKey(made.headers, 'admin');
  const madeByKey = await makeKey(between.headers, 'viewer');
  const ofOwner = await makeKey(tenant.keys.owner.headers, 'admin');
  expect((await asOwner('DELETE', `/v1/keys/${made.id}`)).status).toBe(204);
  expect(await statusOf(madeByKey)).toBe(200);

  const path = `/v1/members/${tenant.members.admin.id}`;
  expect((await asOwner('DELETE', path)).status).toBe(204);
  expect(await Promise.all([made, between, madeByKey].map(statusOf))).toEqual([401, 401, 401]);
  expect(await Promise.all([ofOwner, tenant.keys.admin, tenant.keys.owner].map(statusOf))).toEqual([
    200, 200, 200,
  ]);
  expect(await auditOf(madeByKey.id)).toMatchObject({
    action: 'key.revoked',
    actor: { kind: 'key', id: tenant.keys.owner.id },
    details: { member: tenant.members.admin.id },
  });
  expect((await auditOf(tenant.members.admin.id)).details).toEqual({ role: 'admin', revoked_keys: 2 });
});

// sabotage: src/access/keys/revoke-made-by.ts :: const roles = ROLES.filter((role) => above === undefined || !mayGrant(above, role)); => const roles = above === undefined ? ROLES : [];
test('with a lower role go the keys above it that the person made', async () => {
  const admin = await memberHeaders('admin');
  const [above, same, below] = [
    await makeKey(admin, 'admin'),
    await makeKey(admin, 'operator'),
    await makeKey(admin, 'viewer'),
  ];
  const path = `/v1/members/${tenant.members.admin.id}`;
  expect((await asOwner('PATCH', path, { name: 'Ada' })).status).toBe(200);
  expect(await statusOf(above)).toBe(200);
  expect((await asOwner('PATCH', path, { role: 'operator' })).status).toBe(200);
  expect(await Promise.all([above, same, below].map(statusOf))).toEqual([401, 200, 200]);
  expect((await auditOf(tenant.members.admin.id)).details).toMatchObject({ revoked_keys: 1 });
});

// sabotage: src/access/keys/change-keys.ts :: if (own && mayGrant(own, role)) return; => return;
test('who is being removed leaves no key behind that was asked for at the same moment', async () => {
  const admin = await memberHeaders('admin');
  const { id } = tenant.members.admin;
  // The tenant is held as a removal holds it, until the request was let in and waits.
  let asked: Promise<{ status: number }> | undefined;
  await app.database.admin.begin(async (sql) => {
    await sql`select 1 from tenants where id = ${tenant.id} for update`;
    await sql`update members set removed_at = now() where id = ${id}`;
    asked = askForKey(admin, 'viewer');
    await new Promise((resolve) => setTimeout(resolve, 500));
  });
  expect((await asked)?.status).toBe(403);
});
