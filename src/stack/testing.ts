import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { startPostgres } from './postgres/start.ts';

/** How to reach a test database; plain strings, so that a global set-up can hand it to test files. */
export type TestDatabaseInfo = { adminUrl: string; url: string; systemUrl: string };

/** Starts a PostgreSQL of its own for a test run; `stop` ends it and deletes its data. */
export async function startTestDatabase(): Promise<{ info: TestDatabaseInfo; stop(): Promise<void> }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'agos-test-db-'));
  const server = await startPostgres({ dataDir, durable: false });
  const { adminUrl, url, systemUrl } = server;
  const stop = async (): Promise<void> => {
    await server.stop();
    await rm(server.home, { recursive: true, force: true });
    await rm(dataDir, { recursive: true, force: true });
  };
  return { info: { adminUrl, url, systemUrl }, stop };
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
