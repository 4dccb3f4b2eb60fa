import { and, eq, inArray, type SQL, sql } from 'drizzle-orm';
import { runs } from '../../journal/runs/tables.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { leads } from '../leads/tables.ts';
import type { ItemState } from './rules.ts';
import { batchItems } from './tables.ts';

type BatchKey = { tenant: string; id: string };

/** More than this in one look is left to the next. */
const SETTLED_AT_ONCE = 5_000;

/** How many lines of a batch wait for a scan, and how many for a person. */
export type Waiting = { open: number; awaiting: number };

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

/**
 * Counts the lines whose lead has a run that goes on: a running scan, or one that waits for a person. It begins
 * at the tenant's open runs, which are few, and not at the lines, which may be ten thousand.
 */
export async function countOpen(tx: Tx, { tenant, id }: BatchKey): Promise<Waiting> {
  const {
    rows: [row],
  } = await tx.execute<Waiting>(sql`select
      (count(*) filter (where l.awaiting is null))::int as open,
      (count(*) filter (where l.awaiting is not null))::int as awaiting
    from ${runs} r
    join ${leads} l on l.tenant_id = r.tenant_id and l.id = r.lead_id and l.current_run_id = r.id
    join ${batchItems} i on i.tenant_id = l.tenant_id and i.lead_id = l.id and i.state = 'pending'
    where r.tenant_id = ${tenant} and r.ended_at is null and i.batch_id = ${id}`);
  return row ?? { open: 0, awaiting: 0 };
}

/** Whether any line waits for something else than a run that goes on. */
export async function hasUnasked(tx: Tx, batch: BatchKey): Promise<boolean> {
  const { rows } = await tx.execute(sql`select 1 from ${pending(batch)} and not ${isOpen} limit 1`);
  return rows.length > 0;
}

/** Keeps the planner from joining all leads first: it takes lines that come next for rarer than they are. */
const LINE_BY_LINE = sql.raw('offset 0');

/** The leads that come next, in the order of their lines; it reads no further than the last of them. */
export async function findUnasked(tx: Tx, { tenant, id }: BatchKey, limit: number): Promise<string[]> {
  if (limit === 0) return [];
  const { rows } = await tx.execute<{ lead_id: string }>(sql`select i.lead_id
    from ${batchItems} i cross join lateral (
      select 1 from ${leads} l left join ${runs} r on r.tenant_id = l.tenant_id and r.id = l.current_run_id
      where l.tenant_id = i.tenant_id and l.id = i.lead_id and not ${isOpen} and not ${isDecided}
      ${LINE_BY_LINE}) found
    where i.tenant_id = ${tenant} and i.batch_id = ${id} and i.state = 'pending'
    order by i.line limit ${limit}`);
  return rows.map((row) => row.lead_id);
}
