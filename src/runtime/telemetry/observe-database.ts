import { Counter, Gauge, Histogram } from 'prom-client';
import { AgosError } from '../../kernel/errors.ts';
import { CONNECTIONS, type Database } from '../database/database.ts';
import { errorCodes } from '../database/error-codes.ts';
import { type Registry, WAIT_SECONDS } from './registry.ts';

type Door = keyof typeof CONNECTIONS;

/** The same database; every transaction is counted and timed, by door. */
export function observeDatabase(db: Database, registry: Registry): Database {
  const metrics = createMetrics(registry);
  const observed = async <Tx, T>(
    door: Door,
    open: (fn: (tx: Tx) => Promise<T>) => Promise<T>,
    fn: (tx: Tx) => Promise<T>,
  ): Promise<T> => {
    const acquired = metrics.acquire.startTimer({ door });
    const ended = metrics.duration.startTimer({ door });
    metrics.waiting.inc({ door });
    let began = false;
    try {
      return await open(async (tx) => {
        began = true;
        acquired();
        metrics.waiting.dec({ door });
        metrics.open.inc({ door });
        return fn(tx);
      });
    } catch (error) {
      const kind = kindOf(error);
      if (kind) metrics.errors.inc({ door, kind });
      throw error;
    } finally {
      (began ? metrics.open : metrics.waiting).dec({ door });
      ended();
    }
  };
  return {
    ...db,
    withTenant: (scope, fn, terms) => observed('tenant', (run) => db.withTenant(scope, run, terms), fn),
    withSystem: (purpose, fn) => observed('system', (run) => db.withSystem(purpose, run), fn),
  };
}

function createMetrics(registry: Registry) {
  const about = { labelNames: ['door'] as const, registers: [registry] };
  const limit = new Gauge({
    ...about,
    name: 'agos_db_connections_limit',
    help: 'Transactions of a door that can be open at once in this process.',
  });
  for (const [door, count] of Object.entries(CONNECTIONS)) limit.set({ door }, count);
  return {
    open: new Gauge({ ...about, name: 'agos_db_transactions_open', help: 'Transactions that are open.' }),
    waiting: new Gauge({
      ...about,
      name: 'agos_db_transactions_waiting',
      help: 'Transactions that wait for a connection.',
    }),
    acquire: new Histogram({
      ...about,
      name: 'agos_db_acquire_duration_seconds',
      help: 'Wait for a connection.',
      buckets: WAIT_SECONDS,
    }),
    duration: new Histogram({
      ...about,
      name: 'agos_db_transaction_duration_seconds',
      help: 'Whole transactions, the wait for a connection included.',
      buckets: WAIT_SECONDS,
    }),
    errors: new Counter({
      name: 'agos_db_errors_total',
      help: 'Transactions that the database made fail; refusals of ours are none.',
      labelNames: ['door', 'kind'],
      registers: [registry],
    }),
  };
}

/** What failed in the database, in a closed list of words; null for what our own code threw. */
function kindOf(error: unknown): string | null {
  if (error instanceof AgosError) {
    if (error.code === 'database_unavailable') return 'unavailable';
    return error.code === 'database_read_only' ? 'read_only' : null;
  }
  const code = errorCodes(error).find((one) => /^[0-9A-Z]{5}$/.test(one));
  if (code === undefined) return null;
  return KINDS[code.slice(0, 2)] ?? 'other';
}

/** Classes of SQLSTATE. */
const KINDS: Record<string, string> = {
  '23': 'constraint',
  '40': 'conflict',
  '42': 'statement',
  '53': 'resources',
  '55': 'lock',
  '57': 'gave_up',
};
