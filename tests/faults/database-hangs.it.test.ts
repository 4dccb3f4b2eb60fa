import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../src/runtime/database/database.ts';
import { type ApiProcess, startApiProcess } from '../support/api-process.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createTenant, type TestTenant } from '../support/tenant.ts';
import { type BadNetwork, openBadNetwork } from './support/bad-network.ts';

let database: TestDatabase;
let network: BadNetwork;
let api: ApiProcess;
let tenant: TestTenant;
const through = (address: string) => Object.assign(new URL(address), { port: String(network.port) }).href;
beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTenant(database);
  const { url, systemUrl } = database.info;
  network = await openBadNetwork(Number(new URL(url).port));
  api = await startApiProcess(database, {
    DATABASE_URL: through(url),
    DATABASE_SYSTEM_URL: through(systemUrl),
  });
});
afterAll(async () => {
  await api?.stop();
  await network?.close();
  await database?.close();
});

const SOUND = { delayMs: 0, resetEvery: Number.POSITIVE_INFINITY };
/** Whatever a connection is asked, its answer arrives when nobody waits for it any more. */
const HANGS = { ...SOUND, delayMs: 120_000 };

const read = async () => {
  const answer = await fetch(`${api.url}/v1/leads`, { headers: tenant.keys.owner.headers });
  return { status: answer.status, error: ((await answer.json()) as { error?: string }).error };
};

// sabotage: src/api/start-server.ts :: dropAfterMs: DROP_AFTER_MS, =>
test('a database whose answers get lost: requests fail in time, and all is well when they come again', async () => {
  expect(await read()).toMatchObject({ status: 200 });
  network.behave(HANGS);
  const begun = performance.now();
  const answers = await Promise.all([read(), read(), read()]);
  expect(performance.now() - begun).toBeLessThan(15_000);
  for (const answer of answers) expect(answer).toEqual({ status: 503, error: 'database_unavailable' });
  network.behave(SOUND);
  await expect.poll(read, { timeout: 15_000 }).toMatchObject({ status: 200 });
});

// sabotage: src/runtime/database/database.ts :: ...(dropAfterMs && { dropAfterMs: dropAfterMs.tenant }), =>
// sabotage: src/runtime/database/database.ts :: ...(dropAfterMs && { dropAfterMs: dropAfterMs.system }), =>
test('a connection whose answers get lost is dropped, at either door, and the next one is a new one', async () => {
  const { url, systemUrl } = database.info;
  const db = openDatabase({
    url: through(url),
    systemUrl: through(systemUrl),
    dropAfterMs: { tenant: 500, system: 500 },
  });
  onTestFinished(() => db.close());
  const doors = () => [
    db.withTenant(tenant.scope, (tx) => tx.execute('select 1')),
    db.withSystem('open_runs', (tx) => tx.execute('select 1')),
  ];
  await Promise.all(doors());
  network.behave(HANGS);
  const begun = performance.now();
  for (const end of await Promise.allSettled(doors())) {
    expect(end).toMatchObject({ reason: { code: 'database_unavailable' } });
  }
  expect(performance.now() - begun).toBeLessThan(5_000);
  network.behave(SOUND);
  await Promise.all(doors());
});
