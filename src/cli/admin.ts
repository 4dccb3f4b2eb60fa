import postgres, { type Sql } from 'postgres';
import { errorCodes } from '../runtime/database/error-codes.ts';
import { openPool } from '../runtime/database/pool.ts';
import type { Tx } from '../runtime/database/transactions.ts';
import { probePostgres } from '../stack/postgres/find.ts';
import { readRunningStack } from '../stack/running.ts';
import { addressIn } from './address.ts';
import { dataFolder } from './credentials.ts';
import { CliError, EXIT } from './exit.ts';

/** Address of the owner's connection, tried: `DATABASE_ADMIN_URL`, else that of the stack that runs here. */
async function ownerUrl(): Promise<string> {
  const url =
    process.env.DATABASE_ADMIN_URL ?? (await readRunningStack(dataFolder()))?.variables.DATABASE_ADMIN_URL;
  if (!url) {
    throw new CliError(
      EXIT.usage,
      'Set DATABASE_ADMIN_URL to a connection of the owner of the database, or start a stack with `npx agos up`.',
    );
  }
  await probePostgres(addressIn('DATABASE_ADMIN_URL', url), 'DATABASE_ADMIN_URL');
  return url;
}

/** Transactions of the owner, for repositories. */
export type OwnerTransaction = <T>(fn: (tx: Tx) => Promise<T>) => Promise<T>;

/** Runs `fn` with transactions on the owner's connection. */
export async function withOwner<T>(fn: (inTransaction: OwnerTransaction) => Promise<T>): Promise<T> {
  const pool = openPool({
    url: await ownerUrl(),
    connections: 1,
    waitMs: undefined,
    tooLate: () => new Error('the owner has one connection'),
    idleInTransactionMs: 10_000,
  });
  try {
    return await fn((work) => pool.transaction('owner', 'begin', work));
  } catch (error) {
    const sentence = errorCodes(error)
      .map((code) => WRONG_DATABASE[code])
      .find(Boolean);
    throw sentence ? new CliError(EXIT.usage, sentence) : error;
  } finally {
    await pool.close();
  }
}

/** Runs `fn` on the owner's connection. */
export async function asOwner<T>(fn: (sql: Sql) => Promise<T>): Promise<T> {
  const url = await ownerUrl();
  const sql = postgres(url, { max: 1, connect_timeout: 10, onnotice: () => {} });
  try {
    return await fn(sql);
  } catch (error) {
    const sentence = error instanceof postgres.PostgresError && WRONG_DATABASE[error.code];
    throw sentence ? new CliError(EXIT.usage, sentence) : error;
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** What PostgreSQL answers where this is no database of AgOS, or not its owner. */
const WRONG_DATABASE: Record<string, string> = {
  '42P01': 'DATABASE_ADMIN_URL names a database without the tables of AgOS: run `npx agos migrate` first.',
  '25006': 'The database takes no changes right now.',
  '42501': 'DATABASE_ADMIN_URL does not connect as the owner of the database.',
};
