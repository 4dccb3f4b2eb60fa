import postgres, { type Sql } from 'postgres';
import { readRunningStack } from '../stack/running.ts';
import { dataFolder } from './credentials.ts';
import { CliError, EXIT } from './exit.ts';

/** Runs `fn` on the owner's connection: `DATABASE_ADMIN_URL`, else that of the stack that runs here. */
export async function asOwner<T>(fn: (sql: Sql) => Promise<T>): Promise<T> {
  const url =
    process.env.DATABASE_ADMIN_URL ?? (await readRunningStack(dataFolder()))?.variables.DATABASE_ADMIN_URL;
  if (!url) {
    throw new CliError(
      EXIT.usage,
      'Set DATABASE_ADMIN_URL to a connection of the owner of the database, or start a stack with `npx agos up`.',
    );
  }
  const sql = postgres(url, { max: 1, connect_timeout: 10, onnotice: () => {} });
  try {
    return await fn(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}
