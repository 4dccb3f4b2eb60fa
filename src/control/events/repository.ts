import { and, eq, gt, inArray, lte, sql } from 'drizzle-orm';
import type { Tx } from '../../runtime/database/database.ts';
import {
  keyset,
  type PageOf,
  type PageRequest,
  type SortColumns,
  toPage,
} from '../../runtime/database/keyset.ts';
import type { EventType } from './rules.ts';
import { events } from './tables.ts';

export type EventRow = typeof events.$inferSelect;
export type EventFilter = {
  types?: readonly EventType[] | undefined;
  leadId?: string | undefined;
  runId?: string | undefined;
  batchId?: string | undefined;
  approvalId?: string | undefined;
  auditId?: string | undefined;
};

const SORTS: SortColumns<'seq'> = { seq: { by: events.seq, type: 'bigint' } };

/** One page of the events that the actor may see. */
export async function listEvents(
  tx: Tx,
  tenant: string,
  filter: EventFilter,
  page: PageRequest<'seq'>,
): Promise<PageOf<EventRow>> {
  const { key, after, orderBy, limit } = keyset(page, SORTS, events.id);
  const found = await tx
    .select({ row: events, key })
    .from(events)
    .where(and(matching(tenant, filter), after))
    .orderBy(...orderBy)
    .limit(limit);
  return toPage(found, page);
}

/**
 * The events after a cursor that the actor may see, oldest first, and how far the log was read: past what the
 * actor may not see, so that it is not looked through again.
 */
export async function readEvents(
  tx: Tx,
  tenant: string,
  filter: EventFilter,
  from: { after: number; limit: number },
): Promise<{ rows: EventRow[]; reached: number; more: boolean }> {
  const head = await eventHead(tx);
  if (head <= from.after) return { rows: [], reached: from.after, more: false };
  const rows = await tx
    .select()
    .from(events)
    .where(and(matching(tenant, filter), gt(events.seq, from.after), lte(events.seq, head)))
    .orderBy(events.seq)
    .limit(from.limit);
  const more = rows.length === from.limit;
  return { rows, reached: more ? rows[rows.length - 1]!.seq : head, more };
}

/** The event of this number, or null. */
export async function findEvent(tx: Tx, tenant: string, seq: number): Promise<EventRow | null> {
  const [row] = await tx
    .select()
    .from(events)
    .where(and(eq(events.tenantId, tenant), eq(events.seq, seq)));
  return row ?? null;
}

/** The number of the tenant's newest event; 0 while there is none. */
export async function eventHead(tx: Tx): Promise<number> {
  const { rows } = await tx.execute<{ head: string }>(sql`select agos_event_head() as head`);
  return Number(rows[0]?.head ?? 0);
}

/** The numbers of the oldest event that is kept and of the newest: 1 and 0 while there is none. */
export async function eventSpan(tx: Tx): Promise<{ floor: number; head: number }> {
  const { rows } = await tx.execute<{ floor: string; head: string }>(
    sql`select agos_event_floor() as floor, agos_event_head() as head`,
  );
  return { floor: Number(rows[0]?.floor ?? 1), head: Number(rows[0]?.head ?? 0) };
}

const matching = (tenant: string, { types, leadId, runId, batchId, approvalId, auditId }: EventFilter) =>
  and(
    eq(events.tenantId, tenant),
    types ? inArray(events.type, [...types]) : undefined,
    leadId ? eq(events.leadId, leadId) : undefined,
    runId ? eq(events.runId, runId) : undefined,
    batchId ? eq(events.batchId, batchId) : undefined,
    approvalId ? eq(events.approvalId, approvalId) : undefined,
    auditId ? eq(events.auditId, auditId) : undefined,
  );
