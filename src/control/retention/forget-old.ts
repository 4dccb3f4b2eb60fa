import { type SQL, sql } from 'drizzle-orm';
import { tenants } from '../../access/tenants/tables.ts';
import { forgetExpiredKeys } from '../../journal/idempotency/repository.ts';
import { systemScope } from '../../kernel/actor.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Database, Tx } from '../../runtime/database/database.ts';
import { INSTALLATION } from '../alerts/rules.ts';
import { daysBefore, type Retention } from './rules.ts';

export type ForgetDeps = {
  db: Database;
  clock: Clock;
  keep: Retention;
  /** Rows of one transaction: it holds their locks for milliseconds. */
  batchRows?: number;
  /** Ends the pass after so long; the next one goes on where it ended. */
  budgetMs?: number;
};

export type Forgotten = {
  events: number;
  steps: number;
  spend_entries: number;
  webhook_deliveries: number;
  idempotency_keys: number;
};

const BATCH_ROWS = 1_000;
/** Below the time that the pass may take. */
const BUDGET_MS = 30_000;

/** Removes what is older than it is kept, batch by batch. Nothing that is kept changes, and numbers of events never come again. */
export async function forgetOld(deps: ForgetDeps): Promise<Forgotten> {
  const { db, clock, keep, batchRows = BATCH_ROWS, budgetMs = BUDGET_MS } = deps;
  const now = clock.now();
  const until = performance.now() + budgetMs;
  const repeat = async (tenant: string, batch: (tx: Tx) => Promise<number>): Promise<number> => {
    let total = 0;
    while (performance.now() < until) {
      const removed = await db.withTenant(systemScope(tenant, tenant), batch);
      total += removed;
      if (removed < batchRows) break;
    }
    return total;
  };
  const eventsUntil = daysBefore(now, keep.eventDays).toISOString();
  const stepsUntil = daysBefore(now, keep.stepDays).toISOString();
  const spendUntil = daysBefore(now, keep.spendDays).toISOString();
  const forgotten = { events: 0, steps: 0, spend_entries: 0, webhook_deliveries: 0, idempotency_keys: 0 };
  forgotten.steps = await repeat(INSTALLATION, (tx) =>
    removedBy(tx, sql`agos_forget_run_steps(${stepsUntil}::timestamptz, ${batchRows})`),
  );
  forgotten.spend_entries = await repeat(INSTALLATION, (tx) =>
    removedBy(tx, sql`agos_forget_spend_entries(${spendUntil}::timestamptz, ${batchRows})`),
  );
  forgotten.webhook_deliveries = await repeat(INSTALLATION, (tx) =>
    removedBy(tx, sql`agos_forget_webhook_deliveries(${eventsUntil}::timestamptz, ${batchRows})`),
  );
  for (const tenant of await tenantsOf(db)) {
    forgotten.events += await repeat(tenant, (tx) =>
      removedBy(tx, sql`agos_forget_events(${eventsUntil}::timestamptz, ${batchRows})`),
    );
    forgotten.idempotency_keys += await repeat(tenant, (tx) => forgetExpiredKeys(tx, now, batchRows));
  }
  return forgotten;
}

async function removedBy(tx: Tx, call: SQL): Promise<number> {
  const { rows } = await tx.execute<{ removed: number }>(sql`select ${call} as removed`);
  return rows[0]?.removed ?? 0;
}

/** Deleted ones too: what they left grows old as well. */
function tenantsOf(db: Database): Promise<string[]> {
  return db.withSystem('tenants_to_forget_of', async (tx) => {
    const rows = await tx.select({ id: tenants.id }).from(tenants);
    return rows.map(({ id }) => id);
  });
}
