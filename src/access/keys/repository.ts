import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Role } from '../../kernel/actor.ts';
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

/** Revokes the keys of these roles that lead back to one maker, over keys that made keys; answers with their ids. */
export async function revokeKeysOfMaker(
  tx: Tx,
  tenant: string,
  { maker, roles, now }: { maker: string; roles: readonly Role[]; now: Date },
): Promise<string[]> {
  // `union` drops what was found before: a key of the administrator's is its own maker.
  const made = sql`(with recursive made as (
      select id from api_keys where tenant_id = ${tenant} and created_by = ${maker}
      union
      select k.id from api_keys k join made on k.created_by = made.id where k.tenant_id = ${tenant}
    ) select id from made)`;
  const revoked = await tx
    .update(apiKeys)
    .set({ revokedAt: now, updatedAt: sql`now()` })
    .where(
      and(
        eq(apiKeys.tenantId, tenant),
        inArray(apiKeys.id, made),
        inArray(apiKeys.role, [...roles]),
        isNull(apiKeys.revokedAt),
      ),
    )
    .returning({ id: apiKeys.id });
  return revoked.map(({ id }) => id);
}

/** Notes that a key is in use. */
export async function markKeyUsed(tx: Tx, tenant: string, id: string, now: Date): Promise<void> {
  await tx.update(apiKeys).set({ lastUsedAt: now }).where(byId(tenant, id));
}

const byId = (tenant: string, id: string) => and(eq(apiKeys.tenantId, tenant), eq(apiKeys.id, id));
