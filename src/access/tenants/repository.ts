import { eq, sql } from 'drizzle-orm';
import type { Tx } from '../../runtime/database/database.ts';
import { tenants } from './tables.ts';

export type TenantRow = typeof tenants.$inferSelect;

/** The tenant of the caller. */
export async function readTenant(tx: Tx, id: string): Promise<TenantRow> {
  const [row] = await tx.select().from(tenants).where(eq(tenants.id, id));
  return row!;
}

/** The tenant of the caller, locked until the transaction ends: who changes its members takes turns. */
export async function lockTenant(tx: Tx, id: string): Promise<TenantRow> {
  const [row] = await tx.select().from(tenants).where(eq(tenants.id, id)).for('update');
  return row!;
}

/** Changes what a tenant may change of itself. */
export async function changeTenantRow(
  tx: Tx,
  id: string,
  change: { name?: string; currency?: string },
): Promise<TenantRow> {
  const [row] = await tx
    .update(tenants)
    .set({ ...change, version: sql`${tenants.version} + 1`, updatedAt: sql`now()` })
    .where(eq(tenants.id, id))
    .returning();
  return row!;
}
