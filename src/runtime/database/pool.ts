import pg from 'pg';
import { createStatementNames } from './prepared.ts';
import { createSlots, type Slots } from './slots.ts';
import { inStatements, inTransaction, inTransactionOfOne, type Tx } from './transactions.ts';

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
  /** A connection that is not made, or does not answer a statement, in so long is dropped, and the server gives up before; without it, none that works. */
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
/** Share of the time after which a connection is dropped. */
const SERVER_GIVES_UP_AT = 0.9;

/** Opens a pool of connections; each is made when it is needed. */
export function openPool(options: PoolOptions): Pool {
  const connections = new pg.Pool({
    connectionString: options.url,
    max: options.connections,
    connectionTimeoutMillis: Math.min(options.dropAfterMs ?? CONNECT_MS, CONNECT_MS),
    ...(options.dropAfterMs && {
      query_timeout: options.dropAfterMs,
      // The server does not hear of it while it works or waits: it gives up by itself, and before.
      statement_timeout: Math.floor(options.dropAfterMs * SERVER_GIVES_UP_AT),
    }),
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
      const asked = { text: 'select 1', query_timeout: ONE_TRIP_MS };
      await slots.run('ping', () => connections.query(asked as pg.QueryConfig));
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
