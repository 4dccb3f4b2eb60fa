import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestApp, type TestApp } from '../../support/app.ts';
import { createTenant, type TestTenant } from '../../support/tenant.ts';

let app: TestApp;
let tenant: TestTenant;
beforeAll(async () => {
  app = await createTestApp();
  tenant = await createTenant(app.database);
});
afterAll(() => app.close());

test('a key learns its tenant, role and permissions', async () => {
  const { status, body } = await app.request('GET', '/v1/me', { headers: tenant.keys.viewer.headers });
  expect(status).toBe(200);
  expect(body).toMatchObject({ tenant: { id: tenant.id }, role: 'viewer', sees: 'own_and_assigned' });
});

test('without a key the answer is token_missing, with a made-up one token_invalid', async () => {
  const none = await app.request('GET', '/v1/me');
  expect([none.status, none.body.error, none.body.details.class]).toEqual([
    401,
    'token_missing',
    'authentication_failed',
  ]);
  const key = `agos_00000000_${'a'.repeat(43)}`;
  const wrong = await app.request('GET', '/v1/me', { headers: { authorization: `Bearer ${key}` } });
  expect([wrong.status, wrong.body.error]).toEqual([401, 'token_invalid']);
});
