import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../tests/support/database.ts';
import { insertLead, insertRun } from '../../tests/support/rows.ts';
import { createTenant, type TestTenant } from '../../tests/support/tenant.ts';

let database: TestDatabase;
let tenant: TestTenant;
let dir: string;
let api: ChildProcess;
let url: string;
let assetsUrl: string;
beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTenant(database);
  dir = await mkdtemp(join(tmpdir(), 'agos-test-api-'));
  api = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      DATABASE_URL: database.info.url,
      DATABASE_SYSTEM_URL: database.info.systemUrl,
      AGOS_PORT: '0',
      AGOS_ASSETS_PORT: '0',
      AGOS_ASSETS_DIR: dir,
      AGOS_ASSETS_URL: 'http://assets.example',
      AGOS_SIGNING_SECRET: 'a signing secret for tests, 32 characters and more',
      // Nothing listens there: the API must start, read and take work all the same.
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      HOME: dir,
    },
  });
  const { port, assets_port: assetsPort } = await servingLine(api);
  url = `http://127.0.0.1:${port}`;
  assetsUrl = `http://127.0.0.1:${assetsPort}`;
});
afterAll(async () => {
  if (api.exitCode === null) api.kill('SIGKILL');
  await database.close();
  await rm(dir, { recursive: true, force: true });
});

async function servingLine(child: ChildProcess): Promise<{ port: number; assets_port: number }> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const entry = JSON.parse(line);
    if (entry.msg === 'API is serving') return entry;
  }
  throw new Error('the API ended before it served');
}

const post = (path: string) => fetch(`${url}${path}`, { method: 'POST', headers: tenant.keys.owner.headers });

test('without Temporal it serves: ready but degraded, and work is accepted with 202', async () => {
  const ready = await fetch(`${url}/readyz`);
  expect(ready.status).toBe(200);
  expect(await ready.json()).toMatchObject({ status: 'degraded', parts: { temporal: 'unreachable' } });
  const owner = { tenant: tenant.id, createdBy: tenant.keys.owner.id };
  const lead = await insertLead(database, owner);
  const started = Date.now();
  const answer = await post(`/v1/leads/${lead}/triage`);
  expect(answer.status).toBe(202);
  expect(Date.now() - started).toBeLessThan(5_000);
});

test('what needs the live run answers 503 with Retry-After in under 2 s', async () => {
  const owner = { tenant: tenant.id, createdBy: tenant.keys.owner.id };
  const run = await insertRun(database, owner, {
    leadId: await insertLead(database, owner),
    status: 'started',
  });
  const started = Date.now();
  const answer = await post(`/v1/runs/${run}/cancel`);
  expect(Date.now() - started).toBeLessThan(2_000);
  expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([
    503,
    'temporal_unavailable',
  ]);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
});

test('the origin of stored files answers nothing of the API', async () => {
  const answer = await fetch(`${assetsUrl}/v1/me`, { headers: tenant.keys.owner.headers });
  expect(answer.status).toBe(403);
  expect((await fetch(`${url}/files/x/y/z`)).status).toBe(404);
});

test('the reference page needs no other host', async () => {
  expect((await fetch(`${url}/reference`)).headers.get('content-security-policy')).toContain(
    "default-src 'none'",
  );
});

test('SIGTERM ends it with 0', async () => {
  api.kill('SIGTERM');
  const [code] = await once(api, 'exit');
  expect(code).toBe(0);
});
