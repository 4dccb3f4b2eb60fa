import { and, eq, inArray, type SQL, sql } from 'drizzle-orm';
import { runs } from '../../journal/runs/tables.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { leads } from '../leads/tables.ts';
import type { ItemState } from './rules.ts';
import { batchItems } from './tables.ts';

type BatchKey = { tenant: string; id: string };

/** More than this in one look is left to the next. */
const SETTLED_AT_ONCE = 5_000;

/** How many lines of a batch still wait, and for what. */
export type Waiting = { open: number; awaiting: number; unasked: number };

/** Lines that wait, each with its lead (`l`) and the latest run that was asked for it (`r`). */
const pending = ({ tenant, id }: BatchKey): SQL => sql`${batchItems} i
  join ${leads} l on l.tenant_id = i.tenant_id and l.id = i.lead_id
  left join ${runs} r on r.tenant_id = l.tenant_id and r.id = l.current_run_id
  where i.tenant_id = ${tenant} and i.batch_id = ${id} and i.state = 'pending'`;

/** The lead's run is going on, whoever asked for it. */
const isOpen = sql.raw(`(r.id is not null and r.ended_at is null)`);
/** A run ended after the line was read: its result is the line's, and no second scan is asked for. */
const isDecided = sql.raw(`(l.deleted_at is not null or coalesce(r.ended_at >= i.created_at, false))`);

/** What a lead's state says about a line that waits for it. */
const stateOfLead = sql.raw(`case
  when l.deleted_at is not null or l.hold_code = 'cancelled' then 'unprocessed'
  when l.hold_code is not null then 'error'
  when l.status = 'disqualified' then 'disqualified'
  when l.status not in ('new', 'scanning') then 'qualified'
  when r.status = 'cancelled' then 'unprocessed'
  else 'error' end`);

/** Settles lines whose lead was decided, held or removed without this batch being told. */
export async function settleDecided(tx: Tx, batch: BatchKey): Promise<void> {
  await settle(tx, batch, sql`${pending(batch)} and ${isDecided}`);
}

/** Settles the line of a lead that can have no scan, by what the lead is now. */
export async function settleUnscannable(tx: Tx, batch: BatchKey, leadId: string): Promise<void> {
  await settle(tx, batch, sql`${pending(batch)} and i.lead_id = ${leadId}`);
}

/** Reads first and writes by key: an update that joins its own table has no good plan until statistics exist. */
async function settle(tx: Tx, { tenant, id }: BatchKey, which: SQL): Promise<void> {
  const { rows: found } = await tx.execute<{ line: number; state: ItemState }>(
    sql`select i.line, ${stateOfLead} as state from ${which} limit ${SETTLED_AT_ONCE}`,
  );
  const lines = Map.groupBy(found, (row) => row.state);
  for (const [state, rows] of lines) {
    const isOne = inArray(
      batchItems.line,
      rows.map((row) => row.line),
    );
    const ofBatch = and(eq(batchItems.tenantId, tenant), eq(batchItems.batchId, id), isOne);
    await tx
      .update(batchItems)
      .set({ state })
      .where(and(ofBatch, eq(batchItems.state, 'pending')));
  }
}

/** Counts the lines that wait: for a running scan, for a person, or for being asked. */
export async function countWaiting(tx: Tx, batch: BatchKey): Promise<Waiting> {
  const {
    rows: [row],
  } = await tx.execute<Waiting>(sql`select
      (count(*) filter (where ${isOpen} and l.awaiting is null))::int as open,
      (count(*) filter (where ${isOpen} and l.awaiting is not null))::int as awaiting,
      (count(*) filter (where not ${isOpen}))::int as unasked
    from ${pending(batch)}`);
  return row ?? { open: 0, awaiting: 0, unasked: 0 };
}

/** The leads that come next, in the order of their lines. */
export async function findUnasked(tx: Tx, batch: BatchKey, limit: number): Promise<string[]> {
  if (limit === 0) return [];
  const { rows } = await tx.execute<{ lead_id: string }>(sql`select i.lead_id
    from ${pending(batch)} and not ${isOpen} and not ${isDecided} order by i.line limit ${limit}`);
  return rows.map((row) => row.lead_id);
}
