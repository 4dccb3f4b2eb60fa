import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiProcess, startApiProcess } from '../support/api-process.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createTenant, type TestTenant } from '../support/tenant.ts';
import { type BadNetwork, openBadNetwork } from './support/bad-network.ts';

let database: TestDatabase;
let network: BadNetwork;
let api: ApiProcess;
let tenant: TestTenant;
beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTenant(database);
  const { url, systemUrl } = database.info;
  network = await openBadNetwork(Number(new URL(url).port));
  const through = (address: string) => Object.assign(new URL(address), { port: String(network.port) }).href;
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
