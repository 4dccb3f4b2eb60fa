import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../../src/runtime/ids.ts';
import { createTestApp, type TestApp, type TestResponse } from '../../support/app.ts';
import { makeTarget, ownerOf, requestFor, routeList, withId } from '../../support/route-list.ts';
import { createTenant, type TestTenant } from '../../support/tenant.ts';

let app: TestApp;
let tenant: TestTenant;
let stranger: TestTenant;
beforeAll(async () => {
  app = await createTestApp();
  tenant = await createTenant(app.database, 'Tenant');
  stranger = await createTenant(app.database, 'Stranger');
});
afterAll(() => app.close());

const routes = routeList().filter(withId);

/** An answer without what differs between any two answers. */
function comparable({ status, headers, body, text }: TestResponse): unknown {
  const { requestId, timestamp, ...rest } = body ?? {};
  const names = [...headers.keys()].filter((name) => name !== 'x-request-id').sort();
  return { status, names, body: body ? rest : text };
}

describe.each(routes.map((route) => [`${route.method.toUpperCase()} ${route.path}`, route] as const))(
  '%s',
  (_name, route) => {
    const ask = (id: string, key: TestTenant['keys']['owner']) => {
      const { method, path, ...rest } = requestFor(route, id);
      return app.request(method, path, { ...rest, headers: key.headers });
    };

    // sabotage: src/api/kit/envelope.ts :: message: isMissing ? NOT_FOUND : error.message, => message: error.message,
    test("another tenant's id, an unknown id and no id at all are answered alike: 404", async () => {
      const id = await makeTarget(app, route, ownerOf(tenant));
      const foreign = await ask(id, stranger.keys.owner);
      const unknown = await ask(newId(), stranger.keys.owner);
      const malformed = await ask('no-id', stranger.keys.owner);
      expect(unknown.body?.error ?? unknown.text).toBe('not_found');
      expect(comparable(foreign)).toEqual(comparable(unknown));
      expect(comparable(malformed)).toEqual(comparable(unknown));
      const own = await ask(id, tenant.keys.owner);
      expect(own.status, 'the owner reaches it, so the 404 above is about the tenant').not.toBe(404);
      expect(own.status, own.text).not.toBe(422);
      expect(own.status, own.text).toBeLessThan(500);
    });
  },
);

test("a list never shows another tenant's rows", async () => {
  for (const route of routeList().filter((one) => one.method === 'get' && !one.path.includes('{'))) {
    const own = await app.request('GET', route.path, { headers: tenant.keys.owner.headers });
    const foreign = await app.request('GET', route.path, { headers: stranger.keys.owner.headers });
    expect(own.status, route.path).toBe(200);
    expect(foreign.text, route.path).not.toContain(tenant.id);
    for (const row of foreign.body?.data ?? []) {
      expect(own.body.data.map((one: { id?: string }) => one.id ?? 'none')).not.toContain(row.id ?? 'absent');
    }
  }
});
