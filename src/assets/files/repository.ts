import { and, eq, inArray } from 'drizzle-orm';
import type { Tx } from '../../runtime/database/database.ts';
import { assets } from './tables.ts';

export type AssetRow = typeof assets.$inferSelect;

/** Adds the row of a stored file. */
export async function insertAsset(tx: Tx, asset: typeof assets.$inferInsert): Promise<AssetRow> {
  const [row] = await tx.insert(assets).values(asset).returning();
  return row!;
}

/** An asset that the actor may see, or null. */
export async function findAsset(tx: Tx, tenant: string, id: string): Promise<AssetRow | null> {
  const [row] = await tx
    .select()
    .from(assets)
    .where(and(eq(assets.tenantId, tenant), eq(assets.id, id)));
  return row ?? null;
}

/** Those of several assets that the actor may see, in any order. */
export async function findAssets(tx: Tx, tenant: string, ids: readonly string[]): Promise<AssetRow[]> {
  if (ids.length === 0) return [];
  return tx
    .select()
    .from(assets)
    .where(and(eq(assets.tenantId, tenant), inArray(assets.id, [...ids])));
}
