import { and, eq, gte, isNotNull, isNull, lte, type SQL, sql } from 'drizzle-orm';
import type { Tx } from '../../runtime/database/database.ts';
import {
  keyset,
  type PageOf,
  type PageRequest,
  type SortColumns,
  toPage,
} from '../../runtime/database/keyset.ts';
import type { LeadRow } from './repository.ts';
import type { LeadFilter } from './schemas.ts';
import { leads } from './tables.ts';

/** Columns by which leads can be listed; a lead without a score sorts below every score. */
export const LEAD_SORTS = {
  created_at: { by: leads.createdAt, type: 'timestamptz' },
  status_changed_at: { by: leads.statusChangedAt, type: 'timestamptz' },
  score: { by: sql`coalesce(${leads.score}, -1)`, type: 'numeric' },
} satisfies SortColumns;
export type LeadSort = keyof typeof LEAD_SORTS;

/** One page of live leads that the actor may see. */
export async function listLeads(
  tx: Tx,
  tenant: string,
  filter: LeadFilter,
  page: PageRequest<LeadSort>,
): Promise<PageOf<LeadRow>> {
  const keys = keyset(page, LEAD_SORTS, leads.id);
  const found = await tx
    .select({ row: leads, key: keys.key })
    .from(leads)
    .where(and(eq(leads.tenantId, tenant), isNull(leads.deletedAt), ...conditions(filter), keys.after))
    .orderBy(...keys.orderBy)
    .limit(keys.limit);
  return toPage(found, page);
}

/** The SQL of a filter. */
export function conditions(filter: LeadFilter): (SQL | undefined)[] {
  return [
    filter.status && eq(leads.status, filter.status),
    filter.held === undefined ? undefined : filter.held ? isNotNull(leads.holdCode) : isNull(leads.holdCode),
    filter.hold_code && eq(leads.holdCode, filter.hold_code),
    filter.awaiting === undefined
      ? undefined
      : filter.awaiting
        ? isNotNull(leads.awaiting)
        : isNull(leads.awaiting),
    filter.industry && eq(leads.industry, filter.industry),
    filter.batch_id && eq(leads.batchId, filter.batch_id),
    filter.assigned_to && eq(leads.assignedTo, filter.assigned_to),
    filter.min_score === undefined ? undefined : gte(leads.score, filter.min_score),
    filter.max_score === undefined ? undefined : lte(leads.score, filter.max_score),
    filter.q ? sql`${leads.id} in (select agos_search_leads(${filter.q}))` : undefined,
  ].map((condition) => condition || undefined);
}
