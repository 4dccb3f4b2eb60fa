import { and, eq, gte, isNull, lt, sql } from 'drizzle-orm';
import type { LeadStatus } from '../../leads/leads/rules.ts';
import { leadStays, leads } from '../../leads/leads/tables.ts';
import type { Tx } from '../../runtime/database/database.ts';
import type { Range } from '../range/rules.ts';

export type Count = { status: LeadStatus; count: number };
export type Moves = { from: LeadStatus; to: LeadStatus; count: number };
/** Stays in one status that ended in a range. */
export type Stays = { status: LeadStatus; count: number; sumMs: number; medianMs: number };

const howMany = sql`count(*)`.mapWith(Number);

/** Live leads by status, at present. */
export function countByStatus(tx: Tx, tenant: string): Promise<Count[]> {
  return tx
    .select({ status: leads.status, count: howMany })
    .from(leads)
    .where(and(eq(leads.tenantId, tenant), isNull(leads.deletedAt)))
    .groupBy(leads.status);
}

/** How many leads were created in a range, removed ones too. */
export function countCreated(tx: Tx, tenant: string, range: Range): Promise<number> {
  return tx.$count(leads, createdIn(tenant, range));
}

/** Moves between statuses in a range. */
export function countMoves(tx: Tx, tenant: string, range: Range): Promise<Moves[]> {
  return tx
    .select({ from: leadStays.status, to: leadStays.movedTo, count: howMany })
    .from(leadStays)
    .where(leftIn(tenant, range))
    .groupBy(leadStays.status, leadStays.movedTo);
}

/** How long leads stayed in the statuses that they left in a range; the median is one of the stays. */
export function readStays(tx: Tx, tenant: string, range: Range): Promise<Stays[]> {
  return tx
    .select({
      status: leadStays.status,
      count: howMany,
      sumMs: sql`sum(${leadStays.stayedMs})`.mapWith(Number),
      medianMs: sql`percentile_disc(0.5) within group (order by ${leadStays.stayedMs})`.mapWith(Number),
    })
    .from(leadStays)
    .where(leftIn(tenant, range))
    .groupBy(leadStays.status);
}

/** Of the leads created in a range, how many have come into each status since. */
export function countReached(tx: Tx, tenant: string, range: Range): Promise<Count[]> {
  return (
    tx
      .select({
        status: leadStays.movedTo,
        count: sql`count(distinct ${leadStays.leadId})`.mapWith(Number),
      })
      .from(leadStays)
      .innerJoin(leads, and(eq(leads.tenantId, leadStays.tenantId), eq(leads.id, leadStays.leadId)))
      // No lead moves before it is created: this lets the index of moves serve.
      .where(and(createdIn(tenant, range), gte(leadStays.leftAt, range.startsAt)))
      .groupBy(leadStays.movedTo)
  );
}

const createdIn = (tenant: string, { startsAt, endsAt }: Range) =>
  and(eq(leads.tenantId, tenant), gte(leads.createdAt, startsAt), lt(leads.createdAt, endsAt));

const leftIn = (tenant: string, { startsAt, endsAt }: Range) =>
  and(eq(leadStays.tenantId, tenant), gte(leadStays.leftAt, startsAt), lt(leadStays.leftAt, endsAt));
