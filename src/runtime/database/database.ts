import type { TenantScope } from '../../kernel/actor.ts';
import { AgosError } from '../../kernel/errors.ts';
import { errorCodes } from './error-codes.ts';
import { type Listener, listenOn } from './listen.ts';
import { openPool } from './pool.ts';
import type { Tx } from './transactions.ts';

export type { Tx } from './transactions.ts';

/**
 * The purposes for which the second door may read across tenants, and the tables of each: a closed list,
 * one call site each. What a purpose finds is written through `withTenant`.
 */
export const SYSTEM_PURPOSES = {
  key_by_hash: ['api_keys', 'tenants'],
  members_by_identity: ['members', 'tenants'],
  sso_of_tenant: ['sso_connections', 'tenants'],
  unmarked_runs: ['runs'],
  outbox_lag: ['runs'],
  open_runs: ['runs'],
  undelivered_cancels: ['runs'],
  audits_in_flight: ['audits'],
  agents_at_work: ['audits'],
  batches_in_flight: ['lead_batches', 'runs'],
  kill_switches_on: ['kill_switches', 'global_kill_switches'],
  stale_reservations: ['spend_entries'],
  tenants_of_a_month: ['tenants'],
  webhook_tenants: ['webhook_endpoints', 'tenants'],
  tenants_to_watch: ['tenants'],
  tenants_to_forget_of: ['tenants'],
  /** By a function that tells a sum and no table. */
  spend_of_all: [],
} as const;
export type SystemPurpose = keyof typeof SYSTEM_PURPOSES;

/** The two doors to the database. */
export type Database = {
  /** Runs `fn` in one transaction in which row-level security knows tenant and actor; without terms it waits for as long as a connection may. */
  withTenant<T>(scope: TenantScope, fn: (tx: Tx) => Promise<T>, terms?: Terms): Promise<T>;
  /**
   * Runs one statement without a tenant, in one round trip, for what every request pays: no tenant's row is seen
   * but by the functions of the database that say so.
   */
  oneTrip<Row>(statement: string, values: readonly unknown[]): Promise<Row[]>;
  /** Runs read-only `fn` as the system role, which sees the few tables of its purposes; each statement is for itself. */
  withSystem<T>(purpose: SystemPurpose, fn: (tx: Tx) => Promise<T>): Promise<T>;
  /** Hears what is notified on a channel, by a connection of its own that comes back by itself. */
  listen(channel: string, listener: Listener): void;
  /** Answers when both doors reach the server; throws `database_unavailable` otherwise. */
  ping(): Promise<void>;
  close(): Promise<void>;
};

/** The terms of one transaction. */
export type Terms = {
  /** How long it waits for a lock. */
  lockMs: number;
  /** How long it waits for one statement. */
  statementMs: number;
  /** True for one that reads by one statement: all of it takes one round trip. */
  readsOnce?: boolean;
};

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export type DatabaseOptions = {
  url: string;
  systemUrl: string;
  /** Connections of the first door; the second one has two, and some for its look for kill switches. */
  maxConnections?: number;
  /** How long a transaction waits for a connection of ours before `database_unavailable`; without it, for ever. */
  waitMs?: number;
  /** The server ends a transaction of ours in which nothing happens for so long. */
  idleInTransactionMs?: number;
  /**
   * A connection of each door that does not answer a statement in so long is dropped, since its network may be
   * gone without a word; the server gives the statement up before. Without it one is waited for: work that may
   * take long has no such limit.
   */
  dropAfterMs?: { tenant: number; system: number };
  /**
   * Prepared statements keep their plan: for requests, which ask the same small things again and again. Work on
   * many rows is planned with its values each time, since a plan that was kept knows neither them nor how large
   * the tables are by now, and may pass by an index of a part of a table.
   */
  keepsPlans?: boolean;
};

/** No transaction spans a network call, so one that is idle for so long is a fault and holds locks. */
const IDLE_IN_TRANSACTION_MS = 20_000;

/** Connections of each door in one process, unless told otherwise. */
export const CONNECTIONS = { tenant: 10, system: 2 } as const;

/**
 * The look for kill switches has connections of its own, so that neither a long read nor one that hangs keeps it
 * waiting. There are as many as looks that overtake each other until the first one is dropped.
 */
const WATCH = { connections: 4, dropAfterMs: 2_000 };

/** Opens both doors. */
export function openDatabase(options: DatabaseOptions): Database {
  const {
    maxConnections = CONNECTIONS.tenant,
    waitMs,
    idleInTransactionMs = IDLE_IN_TRANSACTION_MS,
    keepsPlans = false,
    dropAfterMs,
  } = options;
  const shared = { waitMs, idleInTransactionMs, keepsPlans, tooLate: tooBusy };
  // Half for one tenant, busy or not: what is taken already cannot be given to who comes next.
  const mostForOne = Math.ceil(maxConnections / 2);
  const app = openPool({
    ...shared,
    url: options.url,
    connections: maxConnections,
    mostForOne,
    ...(dropAfterMs && { dropAfterMs: dropAfterMs.tenant }),
  });
  const system = openPool({
    ...shared,
    url: options.systemUrl,
    connections: CONNECTIONS.system,
    readOnly: true,
    ...(dropAfterMs && { dropAfterMs: dropAfterMs.system }),
  });
  const watch = openPool({
    ...shared,
    url: options.systemUrl,
    connections: WATCH.connections,
    dropAfterMs: WATCH.dropAfterMs,
    readOnly: true,
  });
  const ears: { close(): Promise<void> }[] = [];

  return {
    withTenant: (scope, fn, terms) =>
      translating(async () => {
        const settings = settingsOf(scope, terms);
        return terms?.readsOnce
          ? app.transactionOfOne(scope.tenant, `begin read only; ${settings}`, fn)
          : app.transaction(scope.tenant, `begin; ${settings}`, fn);
      }),
    oneTrip: (statement, values) => translating(() => app.oneTrip(statement, values)),
    withSystem: (purpose, fn) =>
      translating(() => (purpose === 'kill_switches_on' ? watch : system).statements(purpose, fn)),
    listen: (channel, listener) => {
      ears.push(listenOn(options.url, channel, listener));
    },
    ping: () =>
      translating(async () => {
        await Promise.all([app.ping(), system.ping()]);
      }),
    close: async () => {
      await Promise.all([app, system, watch, ...ears].map((one) => one.close()));
    },
  };
}

/** For the transaction alone, in one round trip; what it puts into the text is checked or of a closed list. */
function settingsOf(scope: TenantScope, terms?: Terms): string {
  requireScope(scope);
  const { tenant, actor } = scope;
  const limits = terms
    ? `, set_config('lock_timeout', '${terms.lockMs}', true),
    set_config('statement_timeout', '${terms.statementMs}', true)`
    : '';
  return `select set_config('agos.tenant_id', '${tenant}', true),
    set_config('agos.principal_id', '${actor.id}', true),
    set_config('agos.actor_kind', '${actor.kind}', true),
    set_config('agos.sees_all', '${actor.seesAll ? 'on' : 'off'}', true)${limits}`;
}

function requireScope(scope: TenantScope): void {
  if (!scope?.tenant || !UUID.test(scope.tenant) || !scope.actor || !UUID.test(scope.actor.id)) {
    throw new AgosError(
      'tenant_context_missing',
      'This code path reached the database without a tenant and an actor.',
    );
  }
}

const tooBusy = (): AgosError =>
  new AgosError('database_unavailable', 'All connections to the database are busy. Try again shortly.', {
    retryAfterSeconds: 2,
  });

async function translating<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (errorCodes(error).includes(READ_ONLY)) {
      throw new AgosError(
        'database_read_only',
        'The database takes no changes right now, most likely for maintenance. Reading works. Try again shortly.',
        { retryAfterSeconds: 5 },
      );
    }
    if (isConnectionFailure(error)) {
      throw new AgosError('database_unavailable', 'The database cannot be reached. Try again shortly.', {
        retryAfterSeconds: 5,
      });
    }
    throw error;
  }
}

/** The server turned read-only, for maintenance or because a replica was reached. */
const READ_ONLY = '25006';

const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  '25P03',
  '57P01',
  '57P02',
  '57P03',
  '53300',
]);

/** The driver tells of a connection that was lost, or not made in time, in words only. */
const CONNECTION_WORDS =
  /^(?:Connection terminated|Query read timeout|timeout exceeded when trying to connect|Client (?:has encountered a connection error|was closed))/;

function isConnectionFailure(error: unknown): boolean {
  if (errorCodes(error).some((code) => CONNECTION_CODES.has(code))) return true;
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (CONNECTION_WORDS.test(at.message)) return true;
  }
  return false;
}

/** Whether an error is a violation of this unique index or constraint. */
export function violates(error: unknown, constraint: string): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('constraint' in at && at.constraint === constraint) return true;
  }
  return false;
}
