import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createStopFile } from '../../src/control/kill-switch/stop-file.ts';
import { createStopWatch } from '../../src/control/kill-switch/watch-stops.ts';
import { type Database, openDatabase } from '../../src/runtime/database/database.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { insertKillSwitch } from '../support/rows.ts';
import { createTenant } from '../support/tenant.ts';
import { type BadNetwork, openBadNetwork } from './support/bad-network.ts';

let database: TestDatabase;
let network: BadNetwork;
let db: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  const systemUrl = new URL(database.info.systemUrl);
  network = await openBadNetwork(Number(systemUrl.port));
  db = openDatabase({
    url: database.info.url,
    systemUrl: Object.assign(systemUrl, { port: String(network.port) }).href,
  });
});
afterEach(() => network.behave(SOUND));
afterAll(async () => {
  await network.close();
  await db.close();
  await database.close();
});

const SOUND = { delayMs: 0, resetEvery: Number.POSITIVE_INFINITY };
/** Whatever a connection answers now, and all that it answers later, arrives when nobody waits for it any more. */
const HANGS = { ...SOUND, delayMs: 60_000 };

/** Watches over a step of a new tenant while connections hang so often, then stops it; how many ms it took. */
async function stoppedAfter(times: number): Promise<number> {
  const tenant = await createTenant(database);
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  const stopFile = createStopFile(join(import.meta.dirname, 'no such folder', 'stop'));
  const unwatch = createStopWatch({ db, stopFile }).watch({ tenant: tenant.id, onStop: () => resolve() });
  try {
    const before = network.messages;
    await expect.poll(() => network.messages, { timeout: 5_000 }).toBeGreaterThan(before + 5);
    for (let time = 0; time < times; time += 1) {
      if (time > 0) await sleep(700);
      network.behave(HANGS);
      await sleep(300);
      network.behave(SOUND);
    }
    await insertKillSwitch(database, { tenant: tenant.id, createdBy: tenant.keys.owner.id });
    const startedMs = performance.now();
    await Promise.race([stopped, sleep(20_000)]);
    return performance.now() - startedMs;
  } finally {
    unwatch();
  }
}

// sabotage: src/control/kill-switch/watch-stops.ts :: if (latest && performance.now() - latest.sinceMs < overtakenAfterMs) return; => if (latest) return;
test('a look that hangs does not blind the watch: the next one goes another way', async () => {
  expect(await stoppedAfter(1)).toBeLessThan(1_300);
});

// sabotage: src/runtime/database/database.ts :: dropAfterMs: WATCH.dropAfterMs, =>
test('connections that hang are dropped: more of them than there are do not blind the watch', async () => {
  expect(await stoppedAfter(6)).toBeLessThan(1_300);
});

// sabotage: src/runtime/database/database.ts :: purpose === 'kill_switches_on' ? watch : system => system
test('long reads of other purposes neither keep the watch waiting nor are cut off', async () => {
  const read = () => db.withSystem('open_runs', (tx) => tx.execute('select pg_sleep(8)'));
  const reading = Promise.all([read(), read()]);
  expect(await stoppedAfter(0)).toBeLessThan(1_300);
  await reading;
});
