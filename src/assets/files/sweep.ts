import { and, eq, inArray } from 'drizzle-orm';
import { tenants } from '../../access/tenants/tables.ts';
import { systemScope } from '../../kernel/actor.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Database } from '../../runtime/database/database.ts';
import { tenantOfPath } from './paths.ts';
import type { FileStorage, ListedFile } from './port.ts';
import { assets } from './tables.ts';

export type SweepDeps = { db: Database; storage: FileStorage; clock: Clock };

export type SweepResult = {
  removed: number;
  removedBytes: number;
  kept: number;
  /** Of tenants that this database does not know: another installation's, never removed. */
  foreign: number;
};

/** A row is added by the call that has put its file, and no call lives this long. */
export const SWEEP_AGE_MS = 24 * 60 * 60 * 1000;
const BATCH = 500;
/** Nobody's request: the sweep only reads. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** Removes the files that are a day old and have no row: their process ended between the file and the commit. */
export async function sweepFiles(deps: SweepDeps): Promise<SweepResult> {
  const result: SweepResult = { removed: 0, removedBytes: 0, kept: 0, foreign: 0 };
  const oldest = deps.clock.now().getTime() - SWEEP_AGE_MS;
  let batch: ListedFile[] = [];
  for await (const file of deps.storage.list()) {
    if (file.modifiedAt.getTime() > oldest) continue;
    const isSameTenant = tenantOfPath(file.path) === tenantOfPath(batch[0]?.path ?? file.path);
    if (!isSameTenant || batch.length === BATCH) {
      await sweepBatch(deps, batch, result);
      batch = [];
    }
    batch.push(file);
  }
  await sweepBatch(deps, batch, result);
  return result;
}

async function sweepBatch(deps: SweepDeps, batch: readonly ListedFile[], result: SweepResult): Promise<void> {
  const tenant = tenantOfPath(batch[0]?.path ?? '');
  if (tenant === null) return;
  const paths = batch.map((file) => file.path);
  const known = await findKnown(deps.db, tenant, paths);
  if (known === null) {
    result.foreign += batch.length;
    return;
  }
  for (const file of batch) {
    if (known.has(file.path)) {
      result.kept += 1;
      continue;
    }
    await deps.storage.remove(file.path);
    result.removed += 1;
    result.removedBytes += file.sizeBytes;
  }
}

/** Those of a tenant's paths that a row names; null when this database has no such tenant. */
async function findKnown(
  db: Database,
  tenant: string,
  paths: readonly string[],
): Promise<ReadonlySet<string> | null> {
  return db.withTenant(systemScope(tenant, NOBODY), async (tx) => {
    const [exists] = await tx.select({ id: tenants.id }).from(tenants).where(eq(tenants.id, tenant));
    if (!exists) return null;
    const rows = await tx
      .select({ path: assets.storagePath })
      .from(assets)
      .where(and(eq(assets.tenantId, tenant), inArray(assets.storagePath, [...paths])));
    return new Set(rows.map((row) => row.path));
  });
}
