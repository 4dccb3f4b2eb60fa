import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestApp, type TestApp } from '../../../tests/support/app.ts';
import { createMember, createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import type { Role } from '../../kernel/actor.ts';

let app: TestApp;
let tenant: TestTenant;
beforeAll(async () => {
  app = await createTestApp();
});
beforeEach(async () => {
  tenant = await createTenant(app.database);
});
afterAll(() => app.close());

const as = (role: Role, method: string, path: string, json?: unknown) =>
  app.request(method, path, { headers: tenant.keys[role].headers, ...(json !== undefined && { json }) });
const person = (subject: string, role: Role = 'viewer') => ({ issuer: 'https://id.example', subject, role });

test('a member is added, read, changed and removed, each with its line in the audit log', async () => {
  const added = await as('owner', 'POST', '/v1/members', { ...person('ada'), email: 'ada@example.com' });
  expect([added.status, added.headers.get('etag')]).toEqual([201, '"1"']);
  const path = `/v1/members/${added.body.id}`;
  expect((await as('operator', 'GET', path)).body.email).toBe('ada@example.com');
  const changed = await as('admin', 'PATCH', path, { role: 'editor' });
  expect([changed.status, changed.body.role, changed.body.version]).toEqual([200, 'editor', 2]);
  expect((await as('owner', 'DELETE', path)).status).toBe(204);
  expect((await as('owner', 'GET', path)).status).toBe(404);
  const log = await as('owner', 'GET', `/v1/audit-log?resource_id=${added.body.id}&sort=at`);
  expect(log.body.data.map(({ action }: { action: string }) => action)).toEqual([
    'member.added',
    'member.changed',
    'member.removed',
  ]);
  expect(log.body.data[0].actor).toEqual({ kind: 'key', id: tenant.keys.owner.id });
  expect(log.body.data[0].request_id).toBe(added.headers.get('x-request-id'));
  expect(JSON.stringify(log.body)).not.toContain('ada@example.com');
});

test('a person is a member once, and can come back after leaving', async () => {
  const first = await as('owner', 'POST', '/v1/members', person('bob'));
  expect((await as('owner', 'POST', '/v1/members', person('bob'))).body.error).toBe('conflict');
  await as('owner', 'DELETE', `/v1/members/${first.body.id}`);
  const back = await as('owner', 'POST', '/v1/members', person('bob', 'analyst'));
  expect([back.status, back.body.id, back.body.role]).toEqual([201, first.body.id, 'analyst']);
});

test('nobody grants, changes or removes a role above their own', async () => {
  const owner = tenant.members.owner.id;
  for (const answer of [
    await as('admin', 'POST', '/v1/members', person('eve', 'owner')),
    await as('admin', 'PATCH', `/v1/members/${tenant.members.admin.id}`, { role: 'owner' }),
    await as('admin', 'PATCH', `/v1/members/${owner}`, { role: 'viewer' }),
    await as('admin', 'DELETE', `/v1/members/${owner}`),
    await as('admin', 'POST', '/v1/keys', { name: 'k', role: 'owner' }),
    await as('admin', 'DELETE', `/v1/keys/${tenant.keys.owner.id}`),
  ]) {
    expect([answer.status, answer.body.error]).toEqual([403, 'permission_denied']);
  }
  expect((await as('owner', 'GET', `/v1/members/${owner}`)).body.role).toBe('owner');
});

test('a tenant keeps an owner: the last one is neither demoted nor removed', async () => {
  const path = `/v1/members/${tenant.members.owner.id}`;
  expect((await as('owner', 'DELETE', path)).body.error).toBe('last_owner');
  expect((await as('owner', 'PATCH', path, { role: 'admin' })).body.error).toBe('last_owner');
  await createMember(app.database, tenant.id, 'owner');
  expect((await as('owner', 'PATCH', path, { role: 'admin' })).status).toBe(200);
});

test('two owners who remove each other at once: one stays', async () => {
  const second = await createMember(app.database, tenant.id, 'owner');
  const ids = [tenant.members.owner.id, second.id];
  // Both rows are held until both requests are on their way: each would find the other owner still there.
  let answers: Promise<{ status: number }[]> | undefined;
  await app.database.admin.begin(async (sql) => {
    await sql`select 1 from members where id = any(${ids}) for update`;
    answers = Promise.all(ids.map((id) => as('owner', 'DELETE', `/v1/members/${id}`)));
    await new Promise((resolve) => setTimeout(resolve, 500));
  });
  const statuses = ((await answers) ?? []).map(({ status }) => status).sort();
  expect(statuses).toEqual([204, 409]);
});

test('a key can do no more than its scopes, and its scopes no more than its role', async () => {
  const foreign = await as('owner', 'POST', '/v1/keys', {
    name: 'k',
    role: 'viewer',
    scopes: ['leads:write'],
  });
  expect([foreign.status, foreign.body.details.field]).toEqual([422, 'scopes']);
  const unknown = await as('owner', 'POST', '/v1/keys', {
    name: 'k',
    role: 'viewer',
    scopes: ['everything'],
  });
  expect(unknown.status).toBe(422);
  const past = { name: 'k', role: 'viewer', expires_at: '2020-01-01T00:00:00Z' };
  expect((await as('owner', 'POST', '/v1/keys', past)).body.details.field).toBe('expires_at');
});
