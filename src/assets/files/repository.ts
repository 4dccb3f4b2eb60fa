import { and, eq, inArray, sql } from 'drizzle-orm';
import type { Tx } from '../../runtime/database/database.ts';
import {
  keyset,
  type PageOf,
  type PageRequest,
  type SortColumns,
  toPage,
} from '../../runtime/database/keyset.ts';
import { type AssetKind, assets } from './tables.ts';

export type AssetRow = typeof assets.$inferSelect;
type NewAssetRow = typeof assets.$inferInsert;

/**
 * Adds a file as the latest version of its lead, kind and name. A step that is repeated for its audit, since its
 * first answer was lost, gets the row of then when the bytes are the same.
 */
export async function insertVersion(tx: Tx, asset: NewAssetRow): Promise<AssetRow> {
  const owner = asset.leadId ?? asset.auditId ?? null;
  if (owner === null) return insert(tx, asset);
  const { tenantId, kind, filename } = asset;
  // Until the transaction ends: whoever saves the same name meanwhile must see this version first.
  const name = JSON.stringify(['asset', tenantId, owner, kind, filename]);
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`);
  const latest = await findLatest(tx, asset, owner);
  if (
    latest &&
    latest.auditId !== null &&
    latest.auditId === asset.auditId &&
    latest.digest === asset.digest
  ) {
    return latest;
  }
  if (latest) {
    await tx
      .update(assets)
      .set({ isLatest: false })
      .where(and(eq(assets.tenantId, tenantId), eq(assets.id, latest.id)));
  }
  return insert(tx, { ...asset, version: (latest?.version ?? 0) + 1 });
}

async function insert(tx: Tx, asset: NewAssetRow): Promise<AssetRow> {
  const [row] = await tx.insert(assets).values(asset).returning();
  return row!;
}

async function findLatest(tx: Tx, asset: NewAssetRow, owner: string): Promise<AssetRow | undefined> {
  const [row] = await tx
    .select()
    .from(assets)
    .where(and(sameName(asset, owner), eq(assets.isLatest, true)));
  return row;
}

function sameName(
  { tenantId, kind, filename }: Pick<NewAssetRow, 'tenantId' | 'kind' | 'filename'>,
  owner: string,
) {
  return and(
    eq(assets.tenantId, tenantId),
    eq(sql`coalesce(${assets.leadId}, ${assets.auditId})`, sql`${owner}::uuid`),
    eq(assets.kind, kind),
    eq(assets.filename, filename),
  );
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

const SORTS = { created_at: { by: assets.createdAt, type: 'timestamptz' } } satisfies SortColumns;

export type AssetFilter = {
  lead_id?: string | undefined;
  kind?: AssetKind | undefined;
  latest?: boolean | undefined;
};

/** A page of the files that the actor may see. */
export async function listAssets(
  tx: Tx,
  tenant: string,
  filter: AssetFilter,
  page: PageRequest<'created_at'>,
): Promise<PageOf<AssetRow>> {
  const keys = keyset(page, SORTS, assets.id);
  const found = await tx
    .select({ row: assets, key: keys.key })
    .from(assets)
    .where(
      and(
        eq(assets.tenantId, tenant),
        filter.lead_id === undefined ? undefined : eq(assets.leadId, filter.lead_id),
        filter.kind && eq(assets.kind, filter.kind),
        filter.latest === undefined ? undefined : eq(assets.isLatest, filter.latest),
        keys.after,
      ),
    )
    .orderBy(...keys.orderBy)
    .limit(keys.limit);
  return toPage(found, page);
}

const VERSION_SORTS = { version: { by: assets.version, type: 'integer' } } satisfies SortColumns;

/** A page of the versions of a file, itself among them. */
export async function listVersions(
  tx: Tx,
  asset: AssetRow,
  page: PageRequest<'version'>,
): Promise<PageOf<AssetRow>> {
  const owner = asset.leadId ?? asset.auditId;
  const keys = keyset(page, VERSION_SORTS, assets.id);
  const found = await tx
    .select({ row: assets, key: keys.key })
    .from(assets)
    .where(
      and(
        eq(assets.tenantId, asset.tenantId),
        owner === null ? eq(assets.id, asset.id) : sameName(asset, owner),
        keys.after,
      ),
    )
    .orderBy(...keys.orderBy)
    .limit(keys.limit);
  return toPage(found, page);
}
