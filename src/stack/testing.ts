import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { lockHolder } from './lock.ts';
import type { DatabaseRecord } from './postgres/home.ts';
import { startPostgres } from './postgres/start.ts';

const PREFIX = 'agos-test-db-';

/** How to reach a test database; plain strings, so that a global set-up can hand it to test files. */
export type TestDatabaseInfo = { adminUrl: string; url: string; systemUrl: string };

/** Starts a PostgreSQL of its own for a test run; `stop` ends it and deletes its data. */
export async function startTestDatabase(): Promise<{ info: TestDatabaseInfo; stop(): Promise<void> }> {
  await removeAbandoned();
  const dataDir = await mkdtemp(join(tmpdir(), PREFIX));
  const server = await startPostgres({ dataDir, durable: false });
  const { adminUrl, url, systemUrl } = server;
  const stop = async (): Promise<void> => {
    await server.stop();
    await rm(server.home, { recursive: true, force: true });
    await rm(dataDir, { recursive: true, force: true });
  };
  return { info: { adminUrl, url, systemUrl }, stop };
}

/** A run that was killed leaves its folders; one younger than a minute may be starting right now. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const dataDir = join(tmpdir(), name);
    if (!name.startsWith(PREFIX)) continue;
    try {
      if (Date.now() - (await stat(dataDir)).mtimeMs < 60_000) continue;
      if ((await lockHolder(join(dataDir, 'postgres'))) !== undefined) continue;
      const record = JSON.parse(await readFile(join(dataDir, 'postgres.json'), 'utf8')) as DatabaseRecord;
      await rm(record.home, { recursive: true, force: true });
      await rm(dataDir, { recursive: true, force: true });
    } catch {
      // Another user's, or removed by another run in this moment.
    }
  }
}

/** Makes one more database on that server, empty or a copy of a migrated one; `drop` removes it. */
export async function createTestDatabase(
  server: TestDatabaseInfo,
  template = 'template1',
): Promise<{ info: TestDatabaseInfo; name: string; drop(): Promise<void> }> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const inDatabase = (url: string): string => Object.assign(new URL(url), { pathname: `/${name}` }).href;
  await asAdmin(server.adminUrl, `CREATE DATABASE ${name} TEMPLATE "${template}"`);
  return {
    name,
    info: {
      adminUrl: inDatabase(server.adminUrl),
      url: inDatabase(server.url),
      systemUrl: inDatabase(server.systemUrl),
    },
    drop: () => asAdmin(server.adminUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

async function asAdmin(adminUrl: string, statement: string): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => undefined });
  try {
    await sql.unsafe(statement);
  } finally {
    await sql.end({ timeout: 5 });
  }
}
