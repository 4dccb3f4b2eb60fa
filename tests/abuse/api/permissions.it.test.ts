import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { permissionsOf, seesAll } from '../../../src/access/identity/permissions.ts';
import { ROLES, type Role } from '../../../src/kernel/actor.ts';
import { leads } from '../../../src/leads/leads/tables.ts';
import { newId } from '../../../src/runtime/ids.ts';
import { createTestApp, type TestApp } from '../../support/app.ts';
import { makeTarget, ownerOf, requestFor, routeList, withId } from '../../support/route-list.ts';
import { insertLead } from '../../support/rows.ts';
import { createTenant, type TestTenant } from '../../support/tenant.ts';

let app: TestApp;
let tenant: TestTenant;
beforeAll(async () => {
  app = await createTestApp();
  tenant = await createTenant(app.database);
});
afterAll(() => app.close());

/** Written out, so that a change of a role is a change of this table too (architecture, section 5). */
const EXPECTED: Record<string, readonly Role[]> = {
  'tenant:read': ROLES,
  'tenant:write': ['owner', 'admin'],
  'billing:write': ['owner'],
  'spend:read': ['owner', 'admin', 'operator', 'analyst'],
  'members:read': ['owner', 'admin', 'operator', 'analyst'],
  'members:write': ['owner', 'admin'],
  'keys:read': ['owner', 'admin', 'analyst'],
  'keys:write': ['owner', 'admin'],
  'sso:read': ['owner', 'admin', 'analyst'],
  'sso:write': ['owner'],
  'audit_log:read': ['owner', 'admin', 'analyst'],
  'leads:read': ROLES,
  'leads:write': ['owner', 'admin', 'operator', 'editor'],
  'leads:assign': ['owner', 'admin', 'operator'],
  'batches:read': ROLES,
  'batches:write': ['owner', 'admin', 'operator'],
  'triage:run': ['owner', 'admin', 'operator'],
  'audits:read': ROLES,
  'decisions:decide': ['owner', 'admin', 'operator'],
  'runs:read': ROLES,
  'runs:cancel': ['owner', 'admin', 'operator'],
  'events:read': ROLES,
  'analytics:read': ROLES,
  'assets:read': ROLES,
  'agents:read': ROLES,
  'playbooks:read': ROLES,
  'kill_switch:read': ['owner', 'admin', 'operator', 'analyst'],
  'kill_switch:on': ['owner', 'admin', 'operator'],
  'kill_switch:off': ['owner', 'admin'],
  'webhooks:read': ['owner', 'admin', 'analyst'],
  'webhooks:write': ['owner', 'admin'],
  'alerts:read': ['owner', 'admin', 'operator', 'analyst'],
  'alerts:write': ['owner', 'admin', 'operator'],
};

test('each role has exactly the permissions that the design gives it', () => {
  for (const [permission, roles] of Object.entries(EXPECTED)) {
    const having = ROLES.filter((role) => [...permissionsOf(role)].some((one) => one === permission));
    expect(having, permission).toEqual(roles);
  }
  expect([...permissionsOf('owner')].sort()).toEqual(Object.keys(EXPECTED).sort());
  expect(ROLES.filter(seesAll)).toEqual(['owner', 'admin', 'operator', 'analyst']);
});

describe.each(ROLES.map((role) => [role] as const))('%s', (role) => {
  // sabotage: src/api/kit/access.ts :: if (!identity.permissions.has(route.permission)) { => if (false) {
  test('is refused every route whose permission the role lacks, and no other', async () => {
    for (const route of routeList()) {
      const { method, path, ...rest } = requestFor(route, newId());
      const answer = await app.request(method, path, { ...rest, headers: tenant.keys[role].headers });
      const isRefused = answer.status === 403 && answer.body?.details.permission === route.permission;
      const expected = !EXPECTED[route.permission]?.includes(role);
      expect(isRefused, `${role} ${method} ${path} answered ${answer.status} ${answer.text}`).toBe(expected);
      if (expected) expect(answer.body.error).toBe('permission_denied');
    }
  });
});

describe.each([['editor'], ['viewer']] as const)('%s', (role) => {
  const readable = routeList().filter(
    (route) => withId(route) && route.method === 'get' && permissionsOf(role).has(route.permission),
  );

  // sabotage: src/access/identity/identity.ts :: seesAll: seesAll(role) }; => seesAll: true };
  test.each(readable.map((route) => [route.path, route] as const))(
    'does not see what others made: %s',
    async (_path, route) => {
      const id = await makeTarget(app, route, ownerOf(tenant));
      const { path } = requestFor(route, id);
      expect((await app.request('GET', path, { headers: tenant.keys[role].headers })).status).toBe(404);
      expect((await app.request('GET', path, { headers: tenant.keys.analyst.headers })).status).not.toBe(404);
    },
  );

  test('sees own leads and those assigned to the member, in lists too', async () => {
    const member = tenant.members[role];
    const own = await insertLead(app.database, { tenant: tenant.id, createdBy: member.id });
    const assigned = await insertLead(app.database, { ...ownerOf(tenant), assignedTo: member.id });
    const foreign = await insertLead(app.database, ownerOf(tenant));
    const seen = await app.database.db.withTenant(member.scope, async (tx) => {
      return (await tx.select({ id: leads.id }).from(leads)).map((row) => row.id);
    });
    expect(seen).toEqual(expect.arrayContaining([own, assigned]));
    expect(seen).not.toContain(foreign);
  });
});

// sabotage: src/access/keys/verify-key.ts :: principal: { kind: 'key', id, name }, role, scopes }); => principal: { kind: 'key', id, name }, role });
test('a key narrowed to scopes has no other permission of its role', async () => {
  const made = await app.request('POST', '/v1/keys', {
    headers: tenant.keys.owner.headers,
    json: { name: 'reader', role: 'admin', scopes: ['members:read'] },
  });
  expect(made.status, made.text).toBe(201);
  const headers = { authorization: `Bearer ${made.body.key}` };
  expect((await app.request('GET', '/v1/members', { headers })).status).toBe(200);
  expect((await app.request('GET', '/v1/keys', { headers })).status).toBe(403);
  const wider = { name: 'wider', role: 'admin' };
  expect((await app.request('POST', '/v1/keys', { headers, json: wider })).status).toBe(403);
});
