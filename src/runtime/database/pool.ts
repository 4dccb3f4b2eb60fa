import { NodePgDatabase, NodePgSession } from 'drizzle-orm/node-postgres';
import { PgDialect } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { createSlots, type Slots } from './slots.ts';

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

export type PoolOptions = {
  url: string;
  connections: number;
  /** How many of them one party can have at once; without it, all. */
  mostForOne?: number;
  /** How long a transaction waits for a free connection; without it, for ever. */
  waitMs: number | undefined;
  tooLate: () => Error;
  /** The server ends a transaction in which nothing happens for so long. */
  idleInTransactionMs: number;
  /** A connection that is not made, or does not answer a statement, in so long is dropped; without it, none that works. */
  dropAfterMs?: number;
  /** True refuses every change, whatever the role may do. */
  readOnly?: boolean;
};

/** Parties, such as tenants, take turns at the connections. */
export type Pool = {
  /** Runs `fn` between `begin`, which may set up the transaction, and a commit; else rolls back. */
  transaction<T>(party: string, begin: string, fn: (tx: Tx) => Promise<T>): Promise<T>;
  /** Runs statements without parameters in a transaction of their own, in one round trip; the rows of the last one. */
  oneTrip<Row>(party: string, statements: string): Promise<Row[]>;
  /** Runs `fn` without a transaction around it: each statement sees its own moment. A third of the round trips. */
  statements<T>(party: string, fn: (tx: Tx) => Promise<T>): Promise<T>;
  ping(): Promise<void>;
  close(): Promise<void>;
};

const CONNECT_MS = 5_000;
const IDLE_MS = 60_000;
const dialect = new PgDialect({ casing: 'snake_case' });

/** Opens a pool of connections; each is made when it is needed. */
export function openPool(options: PoolOptions): Pool {
  const connections = new pg.Pool({
    connectionString: options.url,
    max: options.connections,
    connectionTimeoutMillis: options.dropAfterMs ?? CONNECT_MS,
    ...(options.dropAfterMs && { query_timeout: options.dropAfterMs }),
    idleTimeoutMillis: IDLE_MS,
    idle_in_transaction_session_timeout: options.idleInTransactionMs,
    ...(options.readOnly && { options: '-c default_transaction_read_only=on' }),
    keepAlive: true,
  });
  // A connection that dies says so by an event too; without a listener that would end the process.
  connections.on('error', () => {});
  connections.on('connect', (client) => client.on('error', () => {}));
  const slots = slotsOf(options);
  return {
    transaction: (party, begin, fn) =>
      slots.run(party, async () => inTransaction(await connections.connect(), begin, fn)),
    oneTrip: (party, statements) =>
      slots.run(party, async () => {
        const results = (await connections.query(statements)) as unknown as pg.QueryResult[];
        return results.at(-1)?.rows ?? [];
      }),
    statements: (party, fn) => slots.run(party, async () => inStatements(await connections.connect(), fn)),
    ping: async () => {
      await slots.run('ping', () => connections.query('select 1'));
    },
    close: () => connections.end(),
  };
}

/** The pool's own queue waits for as long as a connection may take to be made, so it is kept empty. */
function slotsOf({ connections, mostForOne = connections, waitMs, tooLate }: PoolOptions): Slots {
  if (waitMs === undefined) return { run: (_party, work) => work() };
  return createSlots(connections, { mostForOne, waitMs, tooLate });
}

async function inStatements<T>(client: pg.PoolClient, fn: (tx: Tx) => Promise<T>): Promise<T> {
  const bound = bindTo(client);
  try {
    const result = await fn(bound.tx);
    client.release();
    return result;
  } catch (error) {
    // It may be about to end, and to make another one is cheap.
    client.release(error as Error);
    throw error;
  } finally {
    bound.end();
  }
}

async function inTransaction<T>(
  client: pg.PoolClient,
  begin: string,
  fn: (tx: Tx) => Promise<T>,
): Promise<T> {
  const bound = bindTo(client);
  try {
    await client.query(begin);
    const result = await fn(bound.tx);
    bound.end();
    const { command } = await client.query('commit');
    // Who goes on after a failed statement would take the server's silent rollback for a commit.
    if (command !== 'COMMIT')
      throw new Error('a statement of this transaction had failed, so nothing was kept');
    client.release();
    return result;
  } catch (error) {
    bound.end();
    await client.query('rollback').then(
      () => client.release(),
      // A connection that cannot even roll back is not used again.
      (fault: Error) => client.release(fault),
    );
    throw error;
  }
}

/** A door to one piece of work that closes with it: a late query may not run in the next one's tenant. */
function bindTo(client: pg.PoolClient): { tx: Tx; end(): void } {
  let isOpen = true;
  const query = (...args: [pg.QueryConfig, unknown[]]): Promise<pg.QueryResult> => {
    if (!isOpen) return Promise.reject(new Error('the transaction of this query has ended'));
    return client.query(...args);
  };
  const session = new NodePgSession({ query } as pg.PoolClient, dialect, undefined);
  return {
    tx: new NodePgDatabase(dialect, session, undefined),
    end: () => {
      isOpen = false;
    },
  };
}
