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
  /** True lets prepared statements keep their plan; else they are planned with their values each time. */
  keepsPlans?: boolean;
};

/** Parties, such as tenants, take turns at the connections. */
export type Pool = {
  /** Runs `fn` between `begin`, which may set up the transaction, and a commit; else rolls back. */
  transaction<T>(party: string, begin: string, fn: (tx: Tx) => Promise<T>): Promise<T>;
  /** The same for `fn` that sends one statement, in one round trip; a second one is refused. */
  transactionOfOne<T>(party: string, begin: string, fn: (tx: Tx) => Promise<T>): Promise<T>;
  /** Runs one statement in a transaction of its own, in one round trip, or gives up after five seconds. */
  oneTrip<Row>(statement: string, values: readonly unknown[]): Promise<Row[]>;
  /** Runs `fn` without a transaction around it: each statement sees its own moment. Half of the round trips. */
  statements<T>(party: string, fn: (tx: Tx) => Promise<T>): Promise<T>;
  ping(): Promise<void>;
  close(): Promise<void>;
};

const CONNECT_MS = 5_000;
const IDLE_MS = 60_000;
/** With a connection goes what the server has prepared on it. */
const LIVES_SECONDS = 60 * 60;
const ONE_TRIP_MS = 5_000;
const dialect = new PgDialect({ casing: 'snake_case' });

/** Opens a pool of connections; each is made when it is needed. */
export function openPool(options: PoolOptions): Pool {
  const connections = new pg.Pool({
    connectionString: options.url,
    max: options.connections,
    connectionTimeoutMillis: Math.min(options.dropAfterMs ?? CONNECT_MS, CONNECT_MS),
    ...(options.dropAfterMs && { query_timeout: options.dropAfterMs }),
    idleTimeoutMillis: IDLE_MS,
    maxLifetimeSeconds: LIVES_SECONDS,
    idle_in_transaction_session_timeout: options.idleInTransactionMs,
    options: settingsOf(options),
    keepAlive: true,
    pipeline: true,
  });
  // A connection that dies says so by an event too; without a listener that would end the process.
  connections.on('error', () => {});
  connections.on('connect', (client) => client.on('error', () => {}));
  const slots = slotsOf(options);
  const nameOf = createStatementNames(() => performance.now());
  const connect = async () => ({ client: await connections.connect(), nameOf });
  return {
    transaction: (party, begin, fn) =>
      slots.run(party, async () => inTransaction(await connect(), begin, fn)),
    transactionOfOne: (party, begin, fn) =>
      slots.run(party, async () => inTransactionOfOne(await connect(), begin, fn)),
    oneTrip: (text, values) =>
      slots.run('all', async () => {
        const asked = { text, values: [...values], name: nameOf(text), query_timeout: ONE_TRIP_MS };
        const { rows } = await connections.query(asked as pg.QueryConfig);
        return rows;
      }),
    statements: (party, fn) => slots.run(party, async () => inStatements(await connect(), fn)),
    ping: async () => {
      await slots.run('ping', () => connections.query('select 1'));
    },
    close: () => connections.end(),
  };
}

function settingsOf({ readOnly, keepsPlans }: PoolOptions): string {
  const settings = [
    ...(readOnly ? ['default_transaction_read_only=on'] : []),
    ...(keepsPlans ? [] : ['plan_cache_mode=force_custom_plan']),
  ];
  return settings.map((setting) => `-c ${setting}`).join(' ');
}

/** The pool's own queue waits for as long as a connection may take to be made, so it is kept empty. */
function slotsOf({ connections, mostForOne = connections, waitMs, tooLate }: PoolOptions): Slots {
  if (waitMs === undefined) return { run: (_party, work) => work() };
  return createSlots(connections, { mostForOne, waitMs, tooLate });
}

/** A connection for one piece of work. */
type Connection = { client: pg.PoolClient; nameOf: (text: string) => string | undefined };
type Ask = () => Promise<pg.QueryResult>;

async function inStatements<T>(connection: Connection, fn: (tx: Tx) => Promise<T>): Promise<T> {
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

async function inTransaction<T>(
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

async function inTransactionOfOne<T>(
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

/** What is sent in one write reaches the server together: a write costs as much as a small statement. */
function inOneWrite({ connection: { stream } }: pg.PoolClient, asks: readonly Ask[]): ReturnType<Ask>[] {
  stream.cork();
  try {
    return asks.map((ask) => ask());
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
