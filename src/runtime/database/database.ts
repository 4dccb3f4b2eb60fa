import { sql } from 'drizzle-orm';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import type { TenantScope } from '../../kernel/actor.ts';
import { AgosError } from '../../kernel/errors.ts';

/** A transaction, or the database outside one; repositories take it as their first dependency. */
export type Tx = Pick<
  PostgresJsDatabase,
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

/**
 * The purposes for which the second door may read across tenants, and the tables of each: a closed list,
 * one call site each. What a purpose finds is written through `withTenant`.
 */
export const SYSTEM_PURPOSES = {
  key_by_hash: ['api_keys', 'tenants'],
  members_by_identity: ['members', 'tenants'],
  unmarked_runs: ['runs'],
  open_runs: ['runs'],
  undelivered_cancels: ['runs'],
  audits_in_flight: ['audits'],
  batches_in_flight: ['lead_batches', 'runs'],
} as const;
export type SystemPurpose = keyof typeof SYSTEM_PURPOSES;

/** The two doors to the database. */
export type Database = {
  /** Runs `fn` in one transaction in which row-level security knows tenant and actor. */
  withTenant<T>(scope: TenantScope, fn: (tx: Tx) => Promise<T>): Promise<T>;
  /** Runs read-only `fn` as the system role, which sees the few tables of its purposes. */
  withSystem<T>(purpose: SystemPurpose, fn: (tx: Tx) => Promise<T>): Promise<T>;
  /** Answers when both doors reach the server; throws `database_unavailable` otherwise. */
  ping(): Promise<void>;
  close(): Promise<void>;
};

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Opens both doors; `maxConnections` counts the first door's pool, the second one has two. */
export function openDatabase(options: { url: string; systemUrl: string; maxConnections?: number }): Database {
  const connection = { connect_timeout: 5, idle_timeout: 60, onnotice: () => {} };
  const app = postgres(options.url, { ...connection, max: options.maxConnections ?? 10 });
  const system = postgres(options.systemUrl, { ...connection, max: 2 });
  const appDb = drizzle(app, { casing: 'snake_case' });
  const systemDb = drizzle(system, { casing: 'snake_case' });

  return {
    withTenant: (scope, fn) =>
      translating(async () => {
        requireScope(scope);
        return appDb.transaction(async (tx) => {
          await tx.execute(sql`select set_config('agos.tenant_id', ${scope.tenant}, true),
            set_config('agos.principal_id', ${scope.actor.id}, true),
            set_config('agos.sees_all', ${scope.actor.seesAll ? 'on' : 'off'}, true)`);
          return fn(tx);
        });
      }),
    withSystem: (purpose, fn) =>
      translating(() =>
        systemDb.transaction(
          async (tx) => {
            await tx.execute(sql`select set_config('application_name', ${`agos ${purpose}`}, true)`);
            return fn(tx);
          },
          { accessMode: 'read only' },
        ),
      ),
    ping: () =>
      translating(async () => {
        await Promise.all([app`select 1`, system`select 1`]);
      }),
    close: async () => {
      await Promise.all([app.end({ timeout: 5 }), system.end({ timeout: 5 })]);
    },
  };
}

function requireScope(scope: TenantScope): void {
  if (!scope?.tenant || !UUID.test(scope.tenant) || !scope.actor || !UUID.test(scope.actor.id)) {
    throw new AgosError(
      'tenant_context_missing',
      'This code path reached the database without a tenant and an actor.',
    );
  }
}

async function translating<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isConnectionFailure(error)) {
      throw new AgosError('database_unavailable', 'The database cannot be reached. Try again shortly.', {
        retryAfterSeconds: 5,
      });
    }
    throw error;
  }
}

const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  '57P01',
  '57P02',
  '57P03',
  '53300',
]);

function isConnectionFailure(error: unknown): boolean {
  return errorCodes(error).some((code) => CONNECTION_CODES.has(code));
}

/** The PostgreSQL or socket error codes of an error and its causes, outermost first. */
export function errorCodes(error: unknown): string[] {
  const codes: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') codes.push(at.code);
  }
  return codes;
}

/** Whether an error is a violation of this unique index or constraint. */
export function violates(error: unknown, constraint: string): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('constraint_name' in at && at.constraint_name === constraint) return true;
  }
  return false;
}
