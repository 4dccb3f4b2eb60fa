import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import postgres from 'postgres';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { type Caller, createCaller } from './support/caller.ts';
import { startPlatform } from './support/platform.ts';
import { insertOf, LOG_SETTINGS, readStatements, type Statement } from './support/statements.ts';
import { type Acknowledged, sendTraffic } from './support/traffic.ts';
import { untilAllEnded } from './support/verdict.ts';

const FILE = join(import.meta.dirname, 'support/previous-release.json');
type Release = { recorded: string; newest_migration: string; statements: Statement[] };

// Row 28: old and new code together: both versions serve.
test('every statement of the release before this one still runs on the newest schema, with its roles and grants', async () => {
  // sabotage: migrations/0014_plans_quotas_and_spend.sql :: ADD COLUMN "cpu_ms" bigint DEFAULT 0 NOT NULL => ADD COLUMN "cpu_milliseconds" bigint DEFAULT 0 NOT NULL
  const { info, admin, close } = await createTestDatabase();
  onTestFinished(close);
  const { statements } = await readRelease();
  expect(statements.length).toBeGreaterThan(100);
  const doors = {
    agos_app: postgres(info.url, { max: 1, onnotice: () => {} }),
    agos_system: postgres(info.systemUrl, { max: 1, onnotice: () => {} }),
  };
  onTestFinished(() => Promise.all(Object.values(doors).map((door) => door.end())).then(() => undefined));
  const refused: string[] = [];
  for (const { role, sql } of statements) {
    // It is planned with its privileges checked, and not carried out.
    const planned = doors[role].unsafe(`explain (generic_plan) ${sql}`).simple();
    await planned.catch((error: Error) => refused.push(`${role}: ${error.message}: ${sql.slice(0, 200)}`));
  }
  expect(refused).toEqual([]);
  const needed = await admin<{ table: string; column: string }[]>`
    select table_name as "table", column_name as "column" from information_schema.columns
    where table_schema = 'public' and is_nullable = 'NO' and column_default is null and is_generated = 'NEVER'`;
  const lacking = statements.flatMap((statement) => {
    const insert = insertOf(statement);
    return needed.filter(({ table, column }) => insert?.table === table && !insert.columns.includes(column));
  });
  expect(lacking).toEqual([]);
}, 60_000);

async function readRelease(): Promise<Release> {
  return JSON.parse(await readFile(FILE, 'utf8'));
}

// On demand, from the code of a release that is being made: the next one is held against it.
describe.runIf(process.env.AGOS_RECORD_RELEASE)('a release', () => {
  test('its statements are recorded', async () => {
    const platform = await startPlatform();
    onTestFinished(platform.close);
    const { database } = platform;
    for (const [name, value] of Object.entries(LOG_SETTINGS)) await database.set(name, value);
    const { headers } = platform.tenant.keys.owner;
    const caller = createCaller(platform.origins, headers);
    await addWhatTrafficLacks(caller);
    const done = await sendTraffic(caller, platform.sites, { triages: 30, real: 0, everyMs: 100 });
    await untilAllEnded(platform, 120_000);
    await readEverything(caller, done);
    await caller.ask('POST', '/v1/kill-switches', { json: { reason: 'to record what it asks' } });
    await caller.ask('POST', '/v1/kill-switches/off', { json: {} });
    const [newest] =
      await database.admin`select max(created_at)::text as at from drizzle.__drizzle_migrations`;
    const release: Release = {
      recorded: new Date().toISOString().slice(0, 10),
      newest_migration: newest!.at as string,
      statements: readStatements(database.logFile),
    };
    await writeFile(FILE, `${JSON.stringify(release, null, 2)}\n`);
    console.log(`${release.statements.length} statements`);
  }, 300_000);
});

/** Somebody to be told, and somebody to sign in by: both write while the traffic goes on, or as they are made. */
async function addWhatTrafficLacks(caller: Caller): Promise<void> {
  const hook = { url: 'https://nobody-is-home.invalid/hook' };
  const { body: endpoint } = await caller.ask('POST', '/v1/webhook-endpoints', { json: hook });
  await caller.ask('POST', `/v1/webhook-endpoints/${endpoint.id}/test`, { json: {} });
  const login = { name: 'Login', issuer: 'https://login.example', audience: 'agos' };
  await caller.ask('POST', '/v1/sso-connections', { json: login });
  await caller.ask('POST', '/v1/keys', { json: { name: 'one more', role: 'viewer' } });
}

/** Asks every address that can be read, with ids of what the traffic has made. */
async function readEverything(caller: Caller, done: Acknowledged): Promise<void> {
  const { body: document } = await caller.ask('GET', '/openapi.json');
  const ids: Record<string, string | undefined> = {
    leads: done.leads[0]?.id,
    runs: done.leads[0]?.runId,
    batches: done.batches[0]?.id,
  };
  for (const [path, methods] of Object.entries(document.paths as Record<string, object>)) {
    const kind = path.split('/')[2] ?? '';
    if (!('get' in methods) || /stream|\.(csv|ndjson)|report|\/runs\/.*events/.test(path)) continue;
    await caller.ask('GET', path.replace(/\{\w+\}/, ids[kind] ?? done.leads[0]!.id)).catch(() => undefined);
  }
}
