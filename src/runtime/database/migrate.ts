import { fileURLToPath } from 'node:url';
import { readMigrationFiles } from 'drizzle-orm/migrator';
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
    await ensureTrigrams(client);
    await migrate(drizzle(client), { migrationsFolder: MIGRATIONS });
    await client`grant usage on schema drizzle to agos_app`;
    await client`grant select on drizzle.__drizzle_migrations to agos_app`;
  } finally {
    await client.end({ timeout: 5 });
  }
}

/** Tells, as the runtime role, whether the database has every migration of this build; a newer one has as well. */
export async function isMigrated(options: { url: string }): Promise<boolean> {
  const newest = readMigrationFiles({ migrationsFolder: MIGRATIONS }).at(-1);
  const client = postgres(options.url, { max: 1, connect_timeout: 10, onnotice: () => {} });
  try {
    const [last] = await client<{ at: string | null }[]>`
      select max(created_at)::text as at from drizzle.__drizzle_migrations`;
    return Number(last?.at ?? 0) >= (newest?.folderMillis ?? 0);
  } catch (error) {
    if (error instanceof postgres.PostgresError && NOT_MIGRATED.has(error.code)) return false;
    throw error;
  } finally {
    await client.end({ timeout: 5 });
  }
}

/** No such schema or table; or they are there, from before the runtime role could read them. */
const NOT_MIGRATED = new Set(['3F000', '42P01', '42501']);

/** The extension that search has its index from; it stands in a schema of its own, beside our functions. */
async function ensureTrigrams(client: postgres.Sql): Promise<void> {
  const [known] = await client`select 1 from pg_extension where extname = 'pg_trgm'`;
  if (known) return;
  try {
    await client`create schema if not exists agos_extensions`;
    await client`create extension pg_trgm schema agos_extensions`;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `Search needs PostgreSQL's extension pg_trgm, and DATABASE_ADMIN_URL could not create it (${reason}). ` +
        'Have an administrator run this in the database, then migrate again:\nCREATE EXTENSION pg_trgm;',
      { cause },
    );
  }
}
