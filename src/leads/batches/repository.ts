import { and, eq, inArray, sql } from 'drizzle-orm';
import type { Tx } from '../../runtime/database/database.ts';
import {
  keyset,
  type PageOf,
  type PageRequest,
  type SortColumns,
  toPage,
} from '../../runtime/database/keyset.ts';
import { leads } from '../leads/tables.ts';
import type { BatchStatus, ItemState, LineOutcome } from './rules.ts';
import { batchItems, leadBatches } from './tables.ts';

export type BatchRow = typeof leadBatches.$inferSelect;
export type ItemRow = typeof batchItems.$inferSelect;

/** What became of a batch's lines so far. */
export type BatchCounts = {
  total: number;
  processed: number;
  qualified: number;
  disqualified: number;
  error: number;
  unprocessed: number;
  rejected: number;
  duplicates: number;
  created: number;
  updated: number;
  awaiting: number;
};

/** Adds a batch. */
export async function insertBatch(tx: Tx, batch: typeof leadBatches.$inferInsert): Promise<BatchRow> {
  const [row] = await tx.insert(leadBatches).values(batch).returning();
  return row!;
}

/** A batch that the actor may see, or null. */
export async function findBatch(tx: Tx, tenant: string, id: string): Promise<BatchRow | null> {
  const [row] = await tx.select().from(leadBatches).where(byId(tenant, id));
  return row ?? null;
}

/** A batch, locked until the transaction ends (`share`: against changes by others only), or null. */
export async function lockBatch(
  tx: Tx,
  tenant: string,
  id: string,
  strength: 'update' | 'share' = 'update',
): Promise<BatchRow | null> {
  const [row] = await tx.select().from(leadBatches).where(byId(tenant, id)).for(strength);
  return row ?? null;
}

/** Changes columns of one batch. */
export async function changeBatch(
  tx: Tx,
  tenant: string,
  id: string,
  change: Partial<typeof leadBatches.$inferInsert>,
): Promise<void> {
  await tx
    .update(leadBatches)
    .set({ ...change, updatedAt: sql`now()` as unknown as Date })
    .where(byId(tenant, id));
}

export const BATCH_SORTS = {
  created_at: { by: leadBatches.createdAt, type: 'timestamptz' },
} satisfies SortColumns;

/** One page of the batches that the actor may see. */
export async function listBatches(
  tx: Tx,
  tenant: string,
  filter: { status?: BatchStatus | undefined },
  page: PageRequest<'created_at'>,
): Promise<PageOf<BatchRow>> {
  const keys = keyset(page, BATCH_SORTS, leadBatches.id);
  const found = await tx
    .select({ row: leadBatches, key: keys.key })
    .from(leadBatches)
    .where(
      and(
        eq(leadBatches.tenantId, tenant),
        filter.status && eq(leadBatches.status, filter.status),
        keys.after,
      ),
    )
    .orderBy(...keys.orderBy)
    .limit(keys.limit);
  return toPage(found, page);
}

const ITEM_SORTS = { line: { by: batchItems.line, type: 'integer' } } satisfies SortColumns;

export type ItemFilter = {
  with_errors?: boolean | undefined;
  outcome?: LineOutcome | undefined;
  state?: ItemState | undefined;
};

/** One page of a batch's lines; whether the actor may see the batch is for the caller to find out first. */
export async function listItems(
  tx: Tx,
  batch: Pick<BatchRow, 'tenantId' | 'id'>,
  filter: ItemFilter,
  page: PageRequest<'line'>,
): Promise<PageOf<ItemRow & { id: string }>> {
  // A line's number is its key inside the batch, so the batch's id serves as the tie-breaker.
  const keys = keyset(page, ITEM_SORTS, batchItems.batchId);
  const hasErrors = sql`${batchItems.errors} <> '[]'::jsonb`;
  const found = await tx
    .select({ row: batchItems, key: keys.key })
    .from(batchItems)
    .where(
      and(
        eq(batchItems.tenantId, batch.tenantId),
        eq(batchItems.batchId, batch.id),
        filter.with_errors === undefined
          ? undefined
          : filter.with_errors
            ? hasErrors
            : sql`not (${hasErrors})`,
        filter.outcome && eq(batchItems.outcome, filter.outcome),
        filter.state && eq(batchItems.state, filter.state),
        keys.after,
      ),
    )
    .orderBy(...keys.orderBy)
    .limit(keys.limit);
  const rows = found.map(({ row, key }) => ({ row: { ...row, id: row.batchId }, key }));
  return toPage(rows, page);
}

/** Counts the lines of several batches, by batch id; the line of column names is none. */
export async function countItems(
  tx: Tx,
  tenant: string,
  batchIds: readonly string[],
): Promise<Map<string, BatchCounts>> {
  if (batchIds.length === 0) return new Map();
  const count = (condition: ReturnType<typeof sql>) =>
    sql<number>`(count(*) filter (where ${condition}))::int`;
  const inState = (state: ItemState) => count(sql`${batchItems.state} = ${state}`);
  const withOutcome = (outcome: LineOutcome) => count(sql`${batchItems.outcome} = ${outcome}`);
  const awaits = sql`exists (select 1 from ${leads} where ${leads.tenantId} = ${batchItems.tenantId}
    and ${leads.id} = ${batchItems.leadId} and ${leads.awaiting} is not null)`;
  const rows = await tx
    .select({
      batchId: batchItems.batchId,
      total: sql<number>`count(*)::int`,
      processed: count(sql`${batchItems.state} <> 'pending'`),
      qualified: inState('qualified'),
      disqualified: inState('disqualified'),
      error: inState('error'),
      unprocessed: inState('unprocessed'),
      rejected: withOutcome('rejected'),
      duplicates: withOutcome('duplicate'),
      created: withOutcome('created'),
      updated: withOutcome('updated'),
      awaiting: count(sql`${batchItems.state} = 'pending' and ${awaits}`),
    })
    .from(batchItems)
    .where(
      and(
        eq(batchItems.tenantId, tenant),
        inArray(batchItems.batchId, [...batchIds]),
        sql`${batchItems.outcome} <> 'header'`,
      ),
    )
    .groupBy(batchItems.batchId);
  return new Map(rows.map(({ batchId, ...counts }) => [batchId, counts]));
}

const byId = (tenant: string, id: string) => and(eq(leadBatches.tenantId, tenant), eq(leadBatches.id, id));
