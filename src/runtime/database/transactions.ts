import { NodePgDatabase, NodePgSession } from 'drizzle-orm/node-postgres';
import { PgDialect } from 'drizzle-orm/pg-core';
import type pg from 'pg';
import { errorCodes } from './error-codes.ts';

/** A transaction, or the database outside one; repositories take it as their first dependency. */
export type Tx = Pick<
  NodePgDatabase,
  | 'select'
  | 'selectDistinct'
  | 'selectDistinctOn'
  | 'insert'
  | 'update'
  | 'delete'
  | 'execute'
  | '$with'
  | 'with'
  | '$count'
>;

const dialect = new PgDialect({ casing: 'snake_case' });

/** A connection for one piece of work. */
export type Connection = { client: pg.PoolClient; nameOf: (text: string) => string | undefined };
type Ask = () => Promise<pg.QueryResult>;

/** Runs `fn` without a transaction around it, and gives the connection back. */
export async function inStatements<T>(connection: Connection, fn: (tx: Tx) => Promise<T>): Promise<T> {
  const { client } = connection;
  const { tx, end } = doorTo(connection, (ask) => ask());
  try {
    const result = await fn(tx);
    client.release();
    return result;
  } catch (error) {
    // It may be about to end, and to make another one is cheap.
    client.release(error as Error);
    throw error;
  } finally {
    end();
  }
}

/** Runs `fn` between `begin` and a commit, else rolls back, and gives the connection back. */
export async function inTransaction<T>(
  connection: Connection,
  begin: string,
  fn: (tx: Tx) => Promise<T>,
): Promise<T> {
  const { client } = connection;
  let beginning: Promise<unknown> | undefined;
  const { tx, isStale, end } = doorTo(connection, async (ask) => {
    if (beginning) return ask();
    // Where it failed, the server refuses what follows; where it did not even begin, row-level security knows no
    // tenant, so it shows nothing and takes nothing.
    const both = inOneWrite(client, [() => client.query(begin), ask]);
    beginning = both[0];
    const [, answer] = await Promise.all(both);
    return answer!;
  });
  try {
    const result = await fn(tx);
    end();
    if (beginning) await commit(client, beginning);
    client.release();
    return result;
  } catch (error) {
    end();
    const rolledBack = beginning ? client.query('rollback') : Promise.resolve();
    await rolledBack.then(
      () => client.release(isStale()),
      // A connection that cannot even roll back is not used again.
      (fault: Error) => client.release(fault),
    );
    throw error;
  }
}

async function commit(client: pg.PoolClient, beginning: Promise<unknown>): Promise<void> {
  await beginning;
  const { command } = await client.query('commit');
  // Who goes on after a failed statement would take the server's silent rollback for a commit.
  if (command !== 'COMMIT')
    throw new Error('a statement of this transaction had failed, so nothing was kept');
}

/** The same for `fn` that sends one statement; all of it travels in one write. */
export async function inTransactionOfOne<T>(
  connection: Connection,
  begin: string,
  fn: (tx: Tx) => Promise<T>,
): Promise<T> {
  const { client } = connection;
  let trip: ReturnType<Ask>[] = [];
  const { tx, isStale, end } = doorTo(connection, async (ask) => {
    end();
    // The commit ends a transaction that failed, too.
    trip = inOneWrite(client, [() => client.query(begin), ask, () => client.query('commit')]);
    const [, answer] = await Promise.all(trip);
    return answer!;
  });
  try {
    return await fn(tx);
  } finally {
    end();
    const ends = await Promise.allSettled(trip);
    client.release(isStale() || ends.at(-1)?.status === 'rejected');
  }
}

/**
 * What is sent in one write reaches the server together: a write costs as much as a small statement. What cannot
 * be sent fails by itself, and the rest is sent.
 */
function inOneWrite({ connection: { stream } }: pg.PoolClient, asks: readonly Ask[]): ReturnType<Ask>[] {
  stream.cork();
  try {
    return asks.map(async (ask) => ask());
  } finally {
    stream.uncork();
  }
}

/**
 * Classes of what a prepared statement fails with for ever: a migration has changed a type in it, or a pooler has
 * lost it. What failed by itself costs a new connection, no more.
 */
const STALE = /^(?:08|0A|26|42)/;

/** The door to a connection, that closes with the work: a late query may not run in the next one's tenant. */
type Door = { tx: Tx; isStale(): boolean; end(): void };

function doorTo({ client, nameOf }: Connection, send: (ask: Ask) => Promise<pg.QueryResult>): Door {
  let isOpen = true;
  let isStale = false;
  const query = async (config: pg.QueryConfig, values: unknown[]): Promise<pg.QueryResult> => {
    if (!isOpen) throw new Error('the transaction of this query has ended');
    const name = nameOf(config.text);
    try {
      return await send(() => client.query({ ...config, name }, values));
    } catch (error) {
      isStale ||= name !== undefined && errorCodes(error).some((code) => STALE.test(code));
      throw error;
    }
  };
  const session = new NodePgSession({ query } as pg.PoolClient, dialect, undefined);
  return {
    tx: new NodePgDatabase(dialect, session, undefined),
    isStale: () => isStale,
    end: () => {
      isOpen = false;
    },
  };
}
