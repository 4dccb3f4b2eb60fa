import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestApp, type TestApp } from '../../support/app.ts';
import { makeTarget, ownerOf, requestFor, routeList, withId } from '../../support/route-list.ts';
import { createTenant, type TestTenant } from '../../support/tenant.ts';

let app: TestApp;
let tenant: TestTenant;
beforeAll(async () => {
  app = await createTestApp();
  tenant = await createTenant(app.database);
});
afterAll(() => app.close());

const routes = routeList().filter((route) => route.request?.query && 'sort' in route.request.query.shape);

const HOSTILE = [
  'created_at"',
  '"created_at"',
  "created_at'",
  "created_at'; drop table leads; --",
  'created_at"; select pg_sleep(5); --',
  'created_at desc',
  'created_at,id',
  '(select 1)',
  'tenant_id',
  '--created_at',
  '-',
  '`id`',
  'created_at\\',
  '1',
  '__proto__',
  'constructor',
];

test('lists that sort are found at all', () => {
  expect(routes.length).toBeGreaterThanOrEqual(8);
});

describe.each(routes.map((route) => [route.path, route] as const))('%s', (_path, route) => {
  // sabotage: src/api/kit/paging.ts :: refuse(context, 'sort_not_allowed', `"sort" is one of: ${words.join(', ')}`); => return text as never;
  test('a sort that is not on its list, quotes or not: 422 sort_not_allowed, and the words that are', async () => {
    const id = withId(route) ? await makeTarget(app, route, ownerOf(tenant)) : '';
    const { path } = requestFor(route, id);
    const ask = (sort: string) =>
      app.request('GET', `${path}?sort=${encodeURIComponent(sort)}`, { headers: tenant.keys.owner.headers });
    let words = '';
    for (const sort of HOSTILE) {
      const { status, body } = await ask(sort);
      expect([sort, status, body.error, body.details.field]).toEqual([sort, 422, 'sort_not_allowed', 'sort']);
      words = /one of: (.+)$/.exec(body.message.replace(/\.$/, ''))?.[1] ?? '';
    }
    expect(words).not.toBe('');
    for (const word of words.split(', ')) expect([word, (await ask(word)).status]).toEqual([word, 200]);
  });
});
