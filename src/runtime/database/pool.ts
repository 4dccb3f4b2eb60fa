import { NodePgDatabase, NodePgSession } from 'drizzle-orm/node-postgres';
import { PgDialect } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { errorCodes } from './error-codes.ts';
import { createStatementNames } from './prepared.ts';
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
  /** Runs one statement in a transaction of its own, in one round trip. */
  oneTrip<Row>(statement: string, values: readonly unknown[]): Promise<Row[]>;
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
    pipeline: true,
  });
  // A connection that dies says so by an event too; without a listener that would end the process.
  connections.on('error', () => {});
  connections.on('connect', (client) => client.on('error', () => {}));
  const slots = slotsOf(options);
  const nameOf = createStatementNames();
  const connect = async () => bindTo(await connections.connect(), nameOf);
  return {
    transaction: (party, begin, fn) =>
      slots.run(party, async () => inTransaction(await connect(), begin, fn)),
    oneTrip: (text, values) =>
      slots.run('all', async () => {
        const { rows } = await connections.query({ text, values: [...values], name: nameOf(text) });
        return rows;
      }),
    statements: (party, fn) => slots.run(party, async () => inStatements(await connect(), fn)),
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

/** A connection for one piece of work, and the door to it that closes with the work. */
type Bound = { client: pg.PoolClient; tx: Tx; end(): void };

async function inStatements<T>({ client, tx, end }: Bound, fn: (tx: Tx) => Promise<T>): Promise<T> {
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

async function inTransaction<T>(
  { client, tx, end }: Bound,
  begin: string,
  fn: (tx: Tx) => Promise<T>,
): Promise<T> {
  try {
    // The first statement travels with the beginning; where that failed, the server refuses whatever follows.
    const [, result] = await Promise.all([client.query(begin), (async () => fn(tx))()]);
    end();
    const { command } = await client.query('commit');
    // Who goes on after a failed statement would take the server's silent rollback for a commit.
    if (command !== 'COMMIT')
      throw new Error('a statement of this transaction had failed, so nothing was kept');
    client.release();
    return result;
  } catch (error) {
    end();
    await client.query('rollback').then(
      () => client.release(isOfPrepared(error)),
      // A connection that cannot even roll back is not used again.
      (fault: Error) => client.release(fault),
    );
    throw error;
  }
}

/** A migration has changed what a prepared statement answers, or a pooler has lost it: it would fail for ever. */
function isOfPrepared(error: unknown): boolean {
  return errorCodes(error).some((code) => code === '0A000' || code === '26000');
}

/** A late query may not run in the next one's tenant. */
function bindTo(client: pg.PoolClient, nameOf: (text: string) => string | undefined): Bound {
  let isOpen = true;
  const query = (config: pg.QueryConfig, values: unknown[]): Promise<pg.QueryResult> => {
    if (!isOpen) return Promise.reject(new Error('the transaction of this query has ended'));
    return client.query({ ...config, name: nameOf(config.text) }, values);
  };
  const session = new NodePgSession({ query } as pg.PoolClient, dialect, undefined);
  return {
    client,
    tx: new NodePgDatabase(dialect, session, undefined),
    end: () => {
      isOpen = false;
    },
  };
}
