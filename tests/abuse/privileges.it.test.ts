import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestApp, type TestApp } from '../support/app.ts';
import { createKey, createTenant, type TestTenant } from '../support/tenant.ts';

let app: TestApp;
let tenant: TestTenant;
beforeAll(async () => {
  app = await createTestApp();
  tenant = await createTenant(app.database);
});
afterAll(() => app.close());

type Asked = { method: string; path: string; json?: unknown };
const as = (headers: Record<string, string>, { method, path, json }: Asked) =>
  app.request(method, path, { headers, ...(json !== undefined && { json }) });
const person = (subject: string, role: string) => ({
  method: 'POST',
  path: '/v1/members',
  json: { issuer: 'https://id.example', subject, role },
});

async function narrowed(scopes: string[]): Promise<Record<string, string>> {
  const json = { name: 'narrow', role: 'owner', scopes };
  const made = await as(tenant.keys.owner.headers, { method: 'POST', path: '/v1/keys', json });
  expect(made.status, made.text).toBe(201);
  return { authorization: `Bearer ${made.body.key}` };
}

describe('a key narrowed to one permission', () => {
  test('lets nobody in who may do more than it may itself', async () => {
    // sabotage: src/access/members/change-members.ts :: if (beyond === undefined) return; => return;
    const key = await narrowed(['members:write']);
    for (const role of ['owner', 'admin', 'viewer']) {
      const refused = await as(key, person(`way-in-${role}`, role));
      expect([role, refused.status, refused.body.error]).toEqual([role, 403, 'permission_denied']);
    }
    const member = tenant.members.viewer.id;
    const raised = await as(key, {
      method: 'PATCH',
      path: `/v1/members/${member}`,
      json: { role: 'owner' },
    });
    expect(raised.status).toBe(403);
    const rows = await app.database
      .admin`select role from members where id = ${member} or subject like 'way-in-%'`;
    expect([...rows]).toEqual([{ role: 'viewer' }]);
  });

  test('makes no key that is wider', async () => {
    // sabotage: src/access/keys/change-keys.ts :: if (beyond) { => if (false) {
    const key = await narrowed(['keys:write']);
    for (const scopes of [null, ['keys:write', 'leads:read']]) {
      const json = { name: 'wide', role: 'owner', scopes };
      const refused = await as(key, { method: 'POST', path: '/v1/keys', json });
      expect([refused.status, refused.body.error]).toEqual([403, 'permission_denied']);
    }
  });
});

describe('an editor', () => {
  test('assigns leads neither by changing nor by creating one', async () => {
    // sabotage: src/leads/leads/routes.ts :: identity.permissions.has('leads:assign')) return; => true) return;
    const { headers } = tenant.keys.editor;
    const assigned_to = tenant.members.editor.id;
    const made = await as(headers, {
      method: 'POST',
      path: '/v1/leads',
      json: { url: 'https://mine.example' },
    });
    const refused = [
      await as(headers, {
        method: 'POST',
        path: '/v1/leads',
        json: { url: 'https://given.example', assigned_to },
      }),
      await as(headers, { method: 'PATCH', path: `/v1/leads/${made.body.lead.id}`, json: { assigned_to } }),
    ];
    for (const { status, body } of refused) {
      expect([status, body.error, body.details.field]).toEqual([403, 'permission_denied', 'assigned_to']);
    }
    expect(await app.database.admin`select 1 from leads where assigned_to is not null`).toHaveLength(0);
  });

  test('starts no scan by creating a lead', async () => {
    const json = { url: 'https://scan.example', triage: true };
    const { status, body } = await as(tenant.keys.editor.headers, {
      method: 'POST',
      path: '/v1/leads',
      json,
    });
    expect([status, body.error]).toEqual([403, 'permission_denied']);
    expect(app.gateway.started).toHaveLength(0);
  });
});

test('an admin neither becomes an owner nor makes one, by member or by key', async () => {
  // sabotage: src/access/identity/permissions.ts :: return ROLES.indexOf(role) <= ROLES.indexOf(granted); => return true;
  const { headers } = await createKey(app.database, tenant.id, 'admin');
  const asked: Asked[] = [
    person('new-owner', 'owner'),
    { method: 'PATCH', path: `/v1/members/${tenant.members.admin.id}`, json: { role: 'owner' } },
    { method: 'DELETE', path: `/v1/members/${tenant.members.owner.id}` },
    { method: 'DELETE', path: `/v1/keys/${tenant.keys.owner.id}` },
    { method: 'POST', path: '/v1/keys', json: { name: 'mine', role: 'owner' } },
  ];
  for (const one of asked) {
    const { status, body } = await as(headers, one);
    expect([one.method, one.path, status, body?.error]).toEqual([
      one.method,
      one.path,
      403,
      'permission_denied',
    ]);
  }
});
