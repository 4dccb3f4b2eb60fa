import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Listening, listen } from '../../src/api/listen.ts';
import { createEventHub } from '../../src/control/events/hub.ts';
import type { EventView } from '../../src/control/events/schemas.ts';
import { openDatabase } from '../../src/runtime/database/database.ts';
import { migrateDatabase } from '../../src/runtime/database/migrate.ts';
import { type RunningPostgres, startPostgres } from '../../src/stack/postgres/start.ts';
import { createTestApp, TEST_SECRET, type TestApp } from '../support/app.ts';
import type { TestDatabase } from '../support/database.ts';
import { EVENT_CLIENTS, type OpenStream } from '../support/event-clients.ts';
import { insertLead } from '../support/rows.ts';
import { createTenant, type TestTenant } from '../support/tenant.ts';

let dataDir: string;
let server: RunningPostgres;
let database: TestDatabase;
let tenant: TestTenant;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'agos-test-events-'));
  server = await startPostgres({ dataDir, durable: false });
  const { adminUrl, url, systemUrl } = server;
  await migrateDatabase({ adminUrl });
  const db = openDatabase({ url, systemUrl });
  const admin = postgres(adminUrl, { max: 4, onnotice: () => {} });
  const close = async (): Promise<void> => {
    await db.close();
    await admin.end({ timeout: 5 });
  };
  database = { db, admin, info: { adminUrl, url, systemUrl }, close };
  tenant = await createTenant(database);
});
afterAll(async () => {
  await database.close();
  await server.stop();
  await rm(server.home, { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true });
});

const addLead = () => insertLead(database, { tenant: tenant.id, createdBy: tenant.keys.owner.id });

/** Reads on in the background, so that a test looks at what has arrived. */
function collect(stream: OpenStream): { seen: EventView[]; ended: Promise<void> } {
  const seen: EventView[] = [];
  const read = async (): Promise<void> => {
    for await (const event of stream.events) seen.push(event);
  };
  return { seen, ended: read().catch(() => {}) };
}

test('a stream outlives a restart of the database and misses nothing', async () => {
  const hub = createEventHub(database.db);
  const app: TestApp = await createTestApp({ db: database.db, eventHub: hub });
  const api: Listening = await listen(app.app, { hostname: '127.0.0.1', port: 0 });
  const origin = `http://127.0.0.1:${api.port}`;
  const { headers } = tenant.keys.owner;
  const streams = await Promise.all(
    EVENT_CLIENTS.map(([, follow]) => follow({ origin, path: '/v1/events/stream', headers, after: '0' })),
  );
  const readers = streams.map(collect);
  await addLead();
  for (const { seen } of readers) await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(1);
  await server.stop();
  await sleep(1_500);
  server = await startPostgres({ dataDir, durable: false });
  await expect.poll(addLead, { timeout: 30_000 }).toBeTruthy();
  for (const { seen } of readers) {
    await expect.poll(() => seen.map(({ seq }) => seq), { timeout: 30_000 }).toEqual([1, 2]);
  }
  hub.close();
  await Promise.all(readers.map(({ ended }) => ended));
  await api.close();
  await app.close();
}, 120_000);

// sabotage: src/api/start-server.ts :: parts.app.eventHub.close(); =>
test('SIGTERM does not wait for streams: they end, the process exits 0, and the next one goes on', async () => {
  const first = await startApi();
  const from = await headOf();
  const streams = await Promise.all(
    EVENT_CLIENTS.map(([, follow]) => follow({ ...first.stream(), after: from })),
  );
  const readers = streams.map(collect);
  await addLead();
  for (const { seen } of readers) await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(1);
  const at = Date.now();
  first.child.kill('SIGTERM');
  const [code] = await once(first.child, 'exit');
  expect(code).toBe(0);
  expect(Date.now() - at).toBeLessThan(4_000);
  await Promise.all(readers.map(({ ended }) => ended));

  const second = await startApi();
  await addLead();
  for (const [index, [, follow]] of EVENT_CLIENTS.entries()) {
    const last = readers[index]!.seen[0]!.seq;
    const stream = await follow({ ...second.stream(), after: String(last) });
    expect((await stream.events.next()).value?.seq).toBe(last + 1);
    stream.cut();
  }
  second.child.kill('SIGTERM');
  await once(second.child, 'exit');
}, 120_000);

async function headOf(): Promise<string> {
  const [row] = await database.admin`select coalesce(max(seq), 0)::text as head from events`;
  return row!.head as string;
}

async function startApi() {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../src/api/main.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      DATABASE_URL: database.info.url,
      DATABASE_SYSTEM_URL: database.info.systemUrl,
      AGOS_PORT: '0',
      AGOS_ASSETS_PORT: '0',
      AGOS_ASSETS_DIR: dataDir,
      AGOS_ASSETS_URL: 'http://assets.example',
      AGOS_SIGNING_SECRET: TEST_SECRET,
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      HOME: dataDir,
    },
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, port } = JSON.parse(line);
    if (msg !== 'API is serving') continue;
    const stream = () => ({
      origin: `http://127.0.0.1:${port}`,
      path: '/v1/events/stream',
      headers: tenant.keys.owner.headers,
    });
    return { child, stream };
  }
  throw new Error('the API ended before it served');
}
