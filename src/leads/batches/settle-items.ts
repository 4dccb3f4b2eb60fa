import { and, eq } from 'drizzle-orm';
import type { Tx } from '../../runtime/database/database.ts';
import type { ItemState } from './rules.ts';
import { batchItems } from './tables.ts';

/** Says what became of a lead to every batch line that still waits for it. */
export async function settleItems(tx: Tx, tenant: string, leadId: string, state: ItemState): Promise<void> {
  await tx
    .update(batchItems)
    .set({ state })
    .where(
      and(eq(batchItems.tenantId, tenant), eq(batchItems.leadId, leadId), eq(batchItems.state, 'pending')),
    );
}
