import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import postgres from 'postgres';

const MIGRATIONS = fileURLToPath(new URL('../../../migrations', import.meta.url));

/** Two migrations at once would create the same tables: the second waits for the first. */
const MIGRATION_LOCK = 7_240_611;

/** Brings the database to the newest schema, as its owner; both runtime roles must exist. */
export async function migrateDatabase(options: { adminUrl: string }): Promise<void> {
  const client = postgres(options.adminUrl, { max: 1, connect_timeout: 10, onnotice: () => {} });
  try {
    await client`select pg_advisory_lock(${MIGRATION_LOCK})`;
    await migrate(drizzle(client), { migrationsFolder: MIGRATIONS });
  } finally {
    await client.end({ timeout: 5 });
  }
}
