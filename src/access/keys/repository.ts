import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Tx } from '../../runtime/database/database.ts';
import {
  keyset,
  type PageOf,
  type PageRequest,
  type SortColumns,
  toPage,
} from '../../runtime/database/keyset.ts';
import { apiKeys } from './tables.ts';

export type KeyRow = typeof apiKeys.$inferSelect;
export type NewKey = typeof apiKeys.$inferInsert;

export const KEY_SORTS: SortColumns<'created_at'> = { created_at: { by: apiKeys.id, type: 'uuid' } };

/** Adds an API key. */
export async function insertKey(tx: Tx, key: NewKey): Promise<KeyRow> {
  const [row] = await tx.insert(apiKeys).values(key).returning();
  return row!;
}

/** One page of the tenant's keys, revoked ones too. */
export async function listKeys(
  tx: Tx,
  tenant: string,
  page: PageRequest<'created_at'>,
): Promise<PageOf<KeyRow>> {
  const { key, after, orderBy, limit } = keyset(page, KEY_SORTS, apiKeys.id);
  const found = await tx
    .select({ row: apiKeys, key })
    .from(apiKeys)
    .where(and(eq(apiKeys.tenantId, tenant), after))
    .orderBy(...orderBy)
    .limit(limit);
  return toPage(found, page);
}

/** One key of the tenant, or null. */
export async function findKey(tx: Tx, tenant: string, id: string): Promise<KeyRow | null> {
  const [row] = await tx.select().from(apiKeys).where(byId(tenant, id));
  return row ?? null;
}

/** Revokes a key; null when there is none that is still valid. */
export async function revokeKeyRow(tx: Tx, tenant: string, id: string, now: Date): Promise<KeyRow | null> {
  const [row] = await tx
    .update(apiKeys)
    .set({ revokedAt: now, updatedAt: sql`now()` })
    .where(and(byId(tenant, id), isNull(apiKeys.revokedAt)))
    .returning();
  return row ?? null;
}

/** Notes that a key is in use. */
export async function markKeyUsed(tx: Tx, tenant: string, id: string, now: Date): Promise<void> {
  await tx.update(apiKeys).set({ lastUsedAt: now }).where(byId(tenant, id));
}

const byId = (tenant: string, id: string) => and(eq(apiKeys.tenantId, tenant), eq(apiKeys.id, id));
