import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { and, eq } from 'drizzle-orm';
import type { TenantScope } from '../../kernel/actor.ts';
import type { Database, Tx } from '../../runtime/database/database.ts';
import { newId } from '../../runtime/ids.ts';
import { type AssetKind, assets } from './tables.ts';

export type AssetRow = typeof assets.$inferSelect;

export type NewAsset = {
  tenant: string;
  leadId: string | null;
  kind: AssetKind;
  filename: string;
  mime: string;
  bytes: Uint8Array;
  createdBy: string;
};

/** Stored files: a row for each, the bytes in a folder under tenant and digest. */
export type AssetStore = {
  /** Writes the bytes, then the row in the caller's transaction; a rolled back row leaves bytes that nothing names. */
  save(tx: Tx, asset: NewAsset): Promise<AssetRow>;
  /** The bytes of an asset that the actor may see, or null. */
  read(scope: TenantScope, id: string): Promise<Uint8Array | null>;
  /** The bytes of a row from an offset on. */
  stream(row: Pick<AssetRow, 'tenantId' | 'digest'>, startByte?: number): Readable;
};

/** Opens the store of one folder; the folder is made when it is missing. */
export function createAssetStore(deps: { dir: string; db: Database }): AssetStore {
  const pathOf = (row: Pick<AssetRow, 'tenantId' | 'digest'>): string =>
    join(deps.dir, row.tenantId, row.digest.slice(0, 2), row.digest);
  return {
    async save(tx, { tenant, leadId, kind, filename, mime, bytes, createdBy }) {
      const digest = createHash('sha256').update(bytes).digest('hex');
      await writeOnce(pathOf({ tenantId: tenant, digest }), bytes);
      const values = { tenantId: tenant, id: newId(), leadId, kind, filename, digest, mime, createdBy };
      const [row] = await tx
        .insert(assets)
        .values({ ...values, sizeBytes: bytes.byteLength })
        .returning();
      return row!;
    },
    async read(scope, id) {
      const row = await deps.db.withTenant(scope, (tx) => findAsset(tx, scope.tenant, id));
      return row ? readFile(pathOf(row)) : null;
    },
    stream: (row, startByte = 0) => createReadStream(pathOf(row), { start: startByte }),
  };
}

/** An asset that the actor may see, or null. */
export async function findAsset(tx: Tx, tenant: string, id: string): Promise<AssetRow | null> {
  const [row] = await tx
    .select()
    .from(assets)
    .where(and(eq(assets.tenantId, tenant), eq(assets.id, id)));
  return row ?? null;
}

/** Same digest, same bytes: a file that is there is left alone; a new one appears whole or not at all. */
async function writeOnce(path: string, bytes: Uint8Array): Promise<void> {
  if ((await sizeOf(path)) === bytes.byteLength) return;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${newId()}.part`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    (file) => file.size,
    () => null,
  );
}
