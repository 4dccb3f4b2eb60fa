import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { migrateAll } from '../../src/cli/migrate-all.ts';
import { silentProgress } from '../../src/stack/progress.ts';
import { createTestDatabase } from '../../src/stack/testing.ts';
import { createRandom } from '../support/random.ts';
import { dumpSchema } from '../support/schema-dump.ts';
import { repetitions } from '../support/seeds.ts';
import { type BadNetwork, openBadNetwork } from './support/bad-network.ts';
import { type Service, startService } from './support/service.ts';

const KILLS = repetitions(3);

let network: BadNetwork;
let clean: Record<string, string[]>;
/** Messages that a whole migration sends, and how long its process takes. */
let whole: { messages: number; tookMs: number };
beforeAll(async () => {
  const { server } = inject('testDatabase');
  network = await openBadNetwork(Number(new URL(server.adminUrl).port));
  const database = await emptyDatabase();
  const startedMs = Date.now();
  expect(await startMigrate(database).exited).toBe(0);
  const tookMs = Date.now() - startedMs;
  clean = await dumpSchema(database.adminUrl);
  await database.drop();
  const counted = await emptyDatabase();
  const before = network.messages;
  await migrate(throughNetwork(counted.adminUrl));
  whole = { messages: network.messages - before, tookMs };
  await counted.drop();
});
afterAll(() => network?.close());

// Row 28: migration killed half way: re-run succeeds.
test('a migration whose connection is cut at any message leaves a database that the next run brings to the same schema', async () => {
  // sabotage: src/runtime/database/migrate.ts :: await client`create schema if not exists agos_extensions`; => await client`create schema agos_extensions`;
  const at = messagesToCutAt();
  let failed = 0;
  for (const message of at) {
    const database = await emptyDatabase();
    network.messages = 0;
    network.behave({ delayMs: 0, resetEvery: message });
    await migrate(throughNetwork(database.adminUrl)).catch(() => {
      failed += 1;
    });
    network.behave({ delayMs: 0, resetEvery: Number.POSITIVE_INFINITY });
    await migrate(database.adminUrl);
    expect(await dumpSchema(database.adminUrl), `after a cut at message ${message}`).toEqual(clean);
    await database.drop();
  }
  // Where a connection only says good-bye, nothing fails.
  expect(failed).toBeGreaterThanOrEqual(at.length - 2);
  console.log(`cut at ${at.length} of ${whole.messages} messages`);
}, 600_000);

test.each(Array.from({ length: KILLS }, (_, index) => index + 1))(
  'agos migrate killed at a random moment, seed %i: the next run makes the same schema',
  async (seed) => {
    const database = await emptyDatabase();
    onTestFinished(database.drop);
    const doomed = startMigrate(database);
    await sleep(createRandom(seed)() * whole.tookMs);
    await doomed.kill();
    expect(await startMigrate(database).exited).toBe(0);
    expect(await dumpSchema(database.adminUrl)).toEqual(clean);
  },
  60_000,
);

test('three migrations at once: one after the other, all succeed, and the schema is that of one', async () => {
  // sabotage: src/runtime/database/migrate.ts :: await client`select pg_advisory_lock(${MIGRATION_LOCK})`; =>
  const database = await emptyDatabase();
  onTestFinished(database.drop);
  const all = [1, 2, 3].map(() => startMigrate(database));
  expect(await Promise.all(all.map(({ exited }) => exited))).toEqual([0, 0, 0]);
  expect(await dumpSchema(database.adminUrl)).toEqual(clean);
}, 60_000);

type Empty = { adminUrl: string; url: string; systemUrl: string; drop(): Promise<void> };

async function emptyDatabase(): Promise<Empty> {
  const { info, drop } = await createTestDatabase(inject('testDatabase').server);
  return { ...info, drop };
}

const migrate = (adminUrl: string) =>
  migrateAll({ environment: { DATABASE_ADMIN_URL: adminUrl }, progress: silentProgress });

/** Every message at night; else those outside of the one great transaction, and some in it. */
function messagesToCutAt(): number[] {
  const all = Array.from({ length: whole.messages }, (_, index) => index + 1);
  const step = Math.max(1, Math.floor(whole.messages / Math.min(whole.messages, repetitions(4))));
  return all.filter((at) => (at > 4 && at < 10) || at % step === 0 || at > whole.messages - 3);
}

function throughNetwork(adminUrl: string): string {
  return Object.assign(new URL(adminUrl), { port: String(network.port) }).href;
}

function startMigrate({ adminUrl, url, systemUrl }: Empty): Service {
  return startService(
    'src/cli/main.ts',
    { DATABASE_ADMIN_URL: adminUrl, DATABASE_URL: url, DATABASE_SYSTEM_URL: systemUrl },
    'Database up to date',
    ['migrate'],
  );
}
