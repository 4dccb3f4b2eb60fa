import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiProcess, startApiProcess } from '../../../tests/support/api-process.ts';
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import { changePlan } from '../quotas/change-plan.ts';
import { REQUEST_PARTS } from './rules.ts';

let database: TestDatabase;
let apis: ApiProcess[];
let tenant: TestTenant;
let other: TestTenant;
beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTenant(database);
  other = await createTenant(database);
  apis = await Promise.all([startApiProcess(database), startApiProcess(database)]);
});
afterAll(async () => {
  await Promise.all(apis.map((api) => api.stop()));
  await database.close();
});

const me = (of: TestTenant, api: number, role: 'owner' | 'viewer' = 'owner') =>
  fetch(`${apis[api % 2]!.url}/v1/me`, { headers: of.keys[role].headers });

/**
 * As many requests at once, spread over both processes and two keys; how many were let through. On a machine
 * that is overrun some are then answered 503: the header tells whether it was counted before that.
 */
async function burst(of: TestTenant, requests: number): Promise<number> {
  const answers = await Promise.all(
    Array.from({ length: requests }, (_, index) => me(of, index, index % 3 === 0 ? 'viewer' : 'owner')),
  );
  await Promise.all(answers.map((answer) => answer.arrayBuffer()));
  for (const { status } of answers) expect([200, 429, 503]).toContain(status);
  return answers.filter(({ status, headers }) => status !== 429 && headers.has('ratelimit')).length;
}

/** More requests than there is room for: by the one clock that counts, what was free and came back got through. */
async function expectExactly(of: TestTenant, requests: number): Promise<number> {
  const before = await bucketOf(of);
  const granted = await burst(of, requests);
  const after = await bucketOf(of);
  const cameBack = (after.atMs - before.atMs) * 60;
  expect(granted).toBe(Math.floor((100 * REQUEST_PARTS - before.used + cameBack) / REQUEST_PARTS));
  expect(after.used).toBe(before.used + granted * REQUEST_PARTS - cameBack);
  return granted;
}

async function bucketOf({ id }: TestTenant): Promise<{ used: number; atMs: number }> {
  const [row] = await database.admin<{ used: string; at: string }[]>`select used,
    floor(extract(epoch from measured_at) * 1000)::bigint as at from request_buckets where tenant_id = ${id}`;
  return { used: Number(row!.used), atMs: Number(row!.at) };
}

/** As if time had passed: the buckets' clock is the database's. */
async function pass(of: TestTenant, seconds: number): Promise<void> {
  await database.admin`update request_buckets set measured_at = measured_at - ${seconds} * interval '1 s'
    where tenant_id = ${of.id}`;
  // What a process knows of an empty bucket it knows for a second at most.
  await new Promise((resolve) => setTimeout(resolve, 1_050));
}

// sabotage: migrations/0034_requests_counted_together.sql :: ORDER BY b.tenant_id FOR UPDATE; => ORDER BY b.tenant_id;
test('two processes let a burst of the plan through, and what came back meanwhile, and not one request more', async () => {
  // So many that the bucket does not run full while a slow machine gets ready: what flows over comes back to nobody.
  expect(await burst(tenant, 40)).toBe(40);
  const granted = await expectExactly(tenant, 240);
  expect(granted).toBeGreaterThanOrEqual(60);
});

test('another tenant has all of its own', async () => {
  const [, others] = await Promise.all([burst(tenant, 50), burst(other, 40)]);
  expect(others).toBe(40);
  const { used } = await bucketOf(other);
  expect(used).toBeLessThanOrEqual(40 * REQUEST_PARTS);
});

test('with time requests come back, in every process, and no more than that', async () => {
  await pass(tenant, 10);
  expect(await expectExactly(tenant, 150)).toBeGreaterThanOrEqual(10);
});

test('the limit follows the plan, up and down', async () => {
  const now = new Date();
  await changePlan(database.admin, { tenant: tenant.id, now, plan: 'velocity' });
  await pass(tenant, 0);
  const larger = await me(tenant, 0);
  expect(larger.headers.get('x-ratelimit-limit')).toBe('300');
  expect(Number(larger.headers.get('x-ratelimit-remaining'))).toBeGreaterThanOrEqual(399);
  await changePlan(database.admin, { tenant: tenant.id, now, plan: 'ignition' });
  const smaller = await me(tenant, 1);
  expect(smaller.headers.get('x-ratelimit-limit')).toBe('60');
  expect(Number(smaller.headers.get('x-ratelimit-remaining'))).toBeLessThan(100);
});
