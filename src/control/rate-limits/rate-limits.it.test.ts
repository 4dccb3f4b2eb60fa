import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createTestApp, type TestApp } from '../../../tests/support/app.ts';
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { createKey, createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import { createClientAddress } from '../../api/kit/client-address.ts';
import { type Listening, listen } from '../../api/listen.ts';
import { parseRanges } from '../../runtime/addresses.ts';
import { createRateLimits } from './limit-requests.ts';

let database: TestDatabase;
let app: TestApp;
let api: Listening;
let url: string;
beforeAll(async () => {
  database = await createTestDatabase();
  app = await createTestApp(
    {
      rateLimits: createRateLimits({ db: database.db }),
      clientAddress: createClientAddress(parseRanges('127.0.0.1')),
    },
    database,
  );
  api = await listen(app.app, { hostname: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${api.port}`;
});
afterAll(async () => {
  await api.close();
  await app.close();
});

const me = (tenant: TestTenant, headers: Record<string, string> = {}) =>
  app.request('GET', '/v1/me', { headers: { ...tenant.keys.viewer.headers, ...headers } });

async function useUp(tenant: TestTenant): Promise<void> {
  await database.admin`insert into request_buckets (tenant_id, used, measured_at)
    values (${tenant.id}, ${100 * 60_000}, clock_timestamp())
    on conflict (tenant_id) do update set used = excluded.used, measured_at = excluded.measured_at`;
}

test('every answer says what is left, in the fields of the draft and in those of the seed', async () => {
  const tenant = await createTenant(database);
  const second = Math.ceil(Date.now() / 1_000);
  const first = await me(tenant);
  const missing = await app.request('GET', '/v1/leads/none', { headers: tenant.keys.viewer.headers });
  expect([first.status, missing.status]).toEqual([200, 404]);
  for (const [{ headers }, left] of [
    [first, 99],
    [missing, 98],
  ] as const) {
    expect(headers.get('ratelimit-policy')).toBe('"plan";q=100;w=100');
    expect(headers.get('ratelimit')).toBe(`"plan";r=${left};t=1`);
    expect(headers.get('x-ratelimit-limit')).toBe('60');
    expect(headers.get('x-ratelimit-remaining')).toBe(String(left));
    expect(Number(headers.get('x-ratelimit-reset'))).toBeGreaterThanOrEqual(second);
    expect(Number(headers.get('x-ratelimit-reset'))).toBeLessThan(second + 100);
  }
});

test('a refusal says how much there is, when one more comes and when all are back; nothing of it was done', async () => {
  const tenant = await createTenant(database);
  await useUp(tenant);
  const post = { headers: tenant.keys.owner.headers, json: { url: 'https://too-many.example/' } };
  for (const { status, headers, body } of [
    await app.request('POST', '/v1/leads', post),
    await app.request('POST', '/v1/leads', post),
  ]) {
    expect([status, body.error, body.details.class]).toEqual([
      429,
      'rate_limit_exceeded',
      'rate_limit_exceeded',
    ]);
    expect(headers.get('retry-after')).toBe('1');
    expect(headers.get('ratelimit')).toBe('"plan";r=0;t=1');
    expect(body.details).toMatchObject({ limit: 60, burst: 100, remaining: 0, retryAfterSeconds: 1 });
    expect(String(body.details.reset)).toBe(headers.get('x-ratelimit-reset'));
    expect(body.details.reset - Date.now() / 1_000).toBeGreaterThan(95);
    expect(body.message).toContain('Too many requests');
  }
  const [rows] = await database.admin`select count(*)::int as n from leads where tenant_id = ${tenant.id}`;
  expect(rows?.n).toBe(0);
});

test('what is refused does not count, so whoever waits as told comes through', async () => {
  const tenant = await createTenant(database);
  await useUp(tenant);
  for (let asked = 0; asked < 50; asked += 1) expect((await me(tenant)).status).toBe(429);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await expect.poll(async () => (await me(tenant)).status, { timeout: 3_000, interval: 50 }).toBe(200);
});

test('a key that was revoked is told so again as soon as its refusal is over', async () => {
  const tenant = await createTenant(database);
  const { id, headers } = await createKey(database, tenant.id, 'viewer');
  await useUp(tenant);
  expect((await app.request('GET', '/v1/me', { headers })).status).toBe(429);
  await database.admin`update api_keys set revoked_at = now() where id = ${id}`;
  const status = async () => (await app.request('GET', '/v1/me', { headers })).status;
  await expect.poll(status, { timeout: 3_000 }).toBe(401);
});

test('following events counts once when it begins, also over a WebSocket', async () => {
  const tenant = await createTenant(database);
  const { headers } = tenant.keys.owner;
  const stream = await app.request('GET', '/v1/events/stream', { headers });
  expect(stream.headers.get('ratelimit')).toBe('"plan";r=99;t=1');
  await useUp(tenant);
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/events/stream`, { headers });
  const [error] = await once(socket, 'error');
  expect(String(error)).toContain('429');
});

test('health, the document and its page count for nobody', async () => {
  for (const path of ['/healthz', '/readyz', '/openapi.json', '/reference']) {
    for (let asked = 0; asked < 5; asked += 1) {
      const answer = await fetch(`${url}${path}`);
      expect([path, answer.status, answer.headers.get('ratelimit')]).toEqual([path, 200, null]);
      await answer.arrayBuffer();
    }
  }
});

test('while the database takes no changes, reading goes on and is not counted', async () => {
  const tenant = await createTenant(database);
  expect((await me(tenant)).headers.get('ratelimit')).not.toBeNull();
  const [row] = await database.admin`select current_database() as name`;
  const name = database.admin(row!.name as string);
  await database.admin`alter database ${name} set default_transaction_read_only = on`;
  // Connections that were made before do not know it.
  const disconnect = () =>
    database.admin`select pg_terminate_backend(pid) from pg_stat_activity
      where usename = 'agos_app' and datname = current_database()`;
  await disconnect();
  const seen = async () => {
    const { status, headers } = await me(tenant);
    return [status, headers.get('ratelimit') !== null];
  };
  try {
    await expect.poll(seen, { timeout: 20_000 }).toEqual([200, false]);
  } finally {
    await database.admin.begin(
      'read write',
      (sql) => sql`alter database ${name} reset default_transaction_read_only`,
    );
    await disconnect();
  }
  await expect.poll(seen, { timeout: 20_000 }).toEqual([200, true]);
});

// sabotage: src/control/rate-limits/count-requests.ts :: return eachTenantAlone(db, all, byTenant); => return all.map(() => () => rethrow(error));
test('whoever holds the bucket of one tenant by hand keeps no other tenant from being counted', async () => {
  const [first, held, other] = [
    await createTenant(database),
    await createTenant(database),
    await createTenant(database),
  ];
  for (const tenant of [first, held, other]) expect((await me(tenant)).status).toBe(200);
  await database.admin.begin(async (sql) => {
    await sql`select 1 from request_buckets where tenant_id = ${held.id} for update`;
    // The first one is counted alone; the others come meanwhile and are counted together.
    const answers = await Promise.all([first, held, other, held, other].map((tenant) => me(tenant)));
    expect(answers.map(({ status }) => status)).toEqual([200, 503, 200, 503, 200]);
  });
  expect((await me(held)).status).toBe(200);
});

const wrongKey = (): string => `agos_00000000_${crypto.randomUUID().replaceAll('-', '').padEnd(43, 'a')}`;
const attempt = (from: string, key = wrongKey()) =>
  fetch(`${url}/v1/me`, { headers: { authorization: `Bearer ${key}`, 'x-forwarded-for': from } });

/** Attempts from addresses until one is refused; how many were not. */
async function untilRefused(address: () => string): Promise<number> {
  const statuses: number[] = [];
  while (!statuses.includes(429) && statuses.length < 2_000) {
    const answers = await Promise.all(Array.from({ length: 20 }, () => attempt(address())));
    statuses.push(...answers.map(({ status }) => status));
  }
  return statuses.filter((status) => status === 401).length;
}

// sabotage: src/api/kit/admit.ts :: if (address && !isDatabaseAway(error)) stand(rateLimits.ofStranger(address)); =>
test('attempts without valid credentials are counted by address; whoever is known comes through from there', async () => {
  const tenant = await createTenant(database);
  const from = '198.51.100.1';
  const startedMs = performance.now();
  const passed = await untilRefused(() => `8.8.8.8, ${from}`);
  expect(passed).toBeGreaterThanOrEqual(100);
  expect(passed).toBeLessThanOrEqual(100 + (performance.now() - startedMs) / 1_000);
  const refused = (await Promise.all(Array.from({ length: 10 }, () => attempt(from)))).at(-1)!;
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(refused.headers.get('ratelimit-policy')).toBe('"address";q=100;w=100');
  expect((await attempt(from, tenant.keys.viewer.key)).status).toBe(200);
  // Neither the address that was only claimed nor any other pays for it.
  for (const elsewhere of ['8.8.8.8', '198.51.100.2']) expect((await attempt(elsewhere)).status).toBe(401);
});

test('one IPv6 network is one address', async () => {
  let host = 0;
  expect(await untilRefused(() => `2001:db8:1:2::${(++host).toString(16)}`)).toBeLessThan(200);
  expect((await attempt('2001:db8:1:3::1')).status).toBe(401);
});

// sabotage: src/api/kit/admit.ts :: emergency ? 'emergency' : 'plan' => 'plan'
// sabotage: src/api/kit/admit.ts :: const count = emergency ? rateLimits.ofEmergency : rateLimits.ofTenant; => const count = rateLimits.ofTenant;
// sabotage: src/control/rate-limits/limit-requests.ts :: ofEmergency: (request, { tenant, scope }) => { => ofEmergency: (request, { tenant, scope }) => { return standingOf('emergency', EMERGENCY_RATE, { granted: true, used: 0 });
test('a flood of its own keeps no tenant from stopping its work; whoever floods that has a limit of its own', async () => {
  const tenant = await createTenant(database);
  const { admin, operator, viewer } = tenant.keys;
  const ask = async (
    method: string,
    path: string,
    { headers }: { headers: Record<string, string> },
    json?: object,
  ) => {
    const body = json && { body: JSON.stringify(json) };
    const type = { 'content-type': 'application/json' };
    const answer = await fetch(`${url}${path}`, { method, headers: { ...headers, ...type }, ...body });
    await answer.arrayBuffer();
    return answer;
  };
  const flood = async (path: string, who: { headers: Record<string, string> }) => {
    const answers = await Promise.all(Array.from({ length: 150 }, () => ask('GET', path, who)));
    return answers.filter(({ status }) => status === 429);
  };
  // Also by the very key that is to stop it.
  expect((await flood('/v1/leads', admin)).length).toBeGreaterThan(20);
  expect((await ask('GET', '/v1/leads', admin)).status).toBe(429);
  const stopped = await ask('POST', '/v1/kill-switches', admin, { reason: 'It runs away.' });
  expect(stopped.status).toBe(201);
  expect((await ask('GET', stopped.headers.get('location')!, admin)).status).toBe(200);
  expect((await ask('GET', '/v1/kill-switch', admin)).status).toBe(200);

  const refused = await flood('/v1/kill-switch', viewer);
  expect(refused.length).toBeGreaterThan(100);
  expect(refused.at(-1)!.headers.get('ratelimit-policy')).toBe('"emergency";q=20;w=20');
  expect((await ask('POST', '/v1/kill-switches', viewer, { reason: 'Not mine.' })).status).toBe(429);
  expect((await ask('GET', '/v1/kill-switch', operator)).status).toBe(200);
});
