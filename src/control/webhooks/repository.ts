import { and, asc, desc, eq, gt, isNotNull, isNull, or, sql } from 'drizzle-orm';
import { tenants } from '../../access/tenants/tables.ts';
import type { Database, Tx } from '../../runtime/database/database.ts';
import {
  keyset,
  type PageOf,
  type PageRequest,
  type SortColumns,
  toPage,
} from '../../runtime/database/keyset.ts';
import { newId } from '../../runtime/ids.ts';
import { webhookEndpoints, webhookSecrets } from './tables.ts';

export type EndpointRow = typeof webhookEndpoints.$inferSelect;
export type NewEndpoint = typeof webhookEndpoints.$inferInsert;

/** Nothing is held against an endpoint that took something, was enabled again or has moved. */
export const HEALTHY = { failingSince: null, lastFailedAt: null, pausedUntil: null };

const live = (tenant: string) =>
  and(eq(webhookEndpoints.tenantId, tenant), isNull(webhookEndpoints.deletedAt));
const byId = (tenant: string, id: string) => and(live(tenant), eq(webhookEndpoints.id, id));

/** Adds an endpoint. */
export async function insertEndpoint(tx: Tx, row: NewEndpoint): Promise<EndpointRow> {
  const [made] = await tx.insert(webhookEndpoints).values(row).returning();
  return made!;
}

/** How many endpoints the tenant has. */
export async function countEndpoints(tx: Tx, tenant: string): Promise<number> {
  return tx.$count(webhookEndpoints, live(tenant));
}

/** The endpoint, or null when there is none (any more). */
export async function findEndpoint(tx: Tx, tenant: string, id: string): Promise<EndpointRow | null> {
  const [row] = await tx.select().from(webhookEndpoints).where(byId(tenant, id));
  return row ?? null;
}

/**
 * The same, locked until the transaction ends: who writes an endpoint or several of its deliveries takes
 * turns, and takes this turn first.
 */
export async function lockEndpoint(tx: Tx, tenant: string, id: string): Promise<EndpointRow | null> {
  const [row] = await tx.select().from(webhookEndpoints).where(byId(tenant, id)).for('update');
  return row ?? null;
}

/** The enabled endpoint, locked, unless another transaction has it. */
export async function lockEndpointIfFree(tx: Tx, tenant: string, id: string): Promise<EndpointRow | null> {
  const enabled = and(byId(tenant, id), eq(webhookEndpoints.status, 'enabled'));
  const [row] = await tx.select().from(webhookEndpoints).where(enabled).for('update', { skipLocked: true });
  return row ?? null;
}

/** Changes what its owner chose, or that it is enabled: a new version. */
export async function changeEndpointRow(
  tx: Tx,
  { tenantId, id }: { tenantId: string; id: string },
  change: Partial<NewEndpoint>,
): Promise<EndpointRow> {
  const [row] = await tx
    .update(webhookEndpoints)
    .set({ ...change, version: sql`${webhookEndpoints.version} + 1`, updatedAt: sql`now()` })
    .where(and(eq(webhookEndpoints.tenantId, tenantId), eq(webhookEndpoints.id, id)))
    .returning();
  return row!;
}

/** Notes how deliveries go, which is no new version. */
export async function noteEndpoint(
  tx: Tx,
  { tenantId, id }: { tenantId: string; id: string },
  note: Partial<Pick<NewEndpoint, 'cursorSeq' | 'failingSince' | 'lastFailedAt' | 'pausedUntil'>>,
): Promise<void> {
  await tx
    .update(webhookEndpoints)
    .set(note)
    .where(and(eq(webhookEndpoints.tenantId, tenantId), eq(webhookEndpoints.id, id)));
}

const SORTS: SortColumns<'created_at'> = { created_at: { by: webhookEndpoints.id, type: 'uuid' } };

/** One page of the tenant's endpoints. */
export async function listEndpoints(
  tx: Tx,
  tenant: string,
  page: PageRequest<'created_at'>,
): Promise<PageOf<EndpointRow>> {
  const { key, after, orderBy, limit } = keyset(page, SORTS, webhookEndpoints.id);
  const found = await tx
    .select({ row: webhookEndpoints, key })
    .from(webhookEndpoints)
    .where(and(live(tenant), after))
    .orderBy(...orderBy)
    .limit(limit);
  return toPage(found, page);
}

/** The tenant's enabled endpoints, by id. */
export async function findEnabled(tx: Tx, tenant: string): Promise<string[]> {
  const found = await tx
    .select({ id: webhookEndpoints.id })
    .from(webhookEndpoints)
    .where(and(live(tenant), eq(webhookEndpoints.status, 'enabled')));
  return found.map(({ id }) => id);
}

/** The active tenants that have an enabled endpoint. */
export async function findTenantsWithEndpoints(db: Database): Promise<string[]> {
  const found = await db.withSystem('webhook_tenants', (tx) =>
    tx
      .selectDistinct({ tenant: webhookEndpoints.tenantId })
      .from(webhookEndpoints)
      .innerJoin(tenants, eq(tenants.id, webhookEndpoints.tenantId))
      .where(
        and(
          eq(webhookEndpoints.status, 'enabled'),
          isNull(webhookEndpoints.deletedAt),
          eq(tenants.status, 'active'),
        ),
      ),
  );
  return found.map(({ tenant }) => tenant);
}

const secretsOf = (tenant: string, endpointId: string) =>
  and(eq(webhookSecrets.tenantId, tenant), eq(webhookSecrets.endpointId, endpointId));

/** Adds the secret in use. */
export async function insertSecret(
  tx: Tx,
  secret: { tenantId: string; endpointId: string; sealed: string },
): Promise<void> {
  await tx.insert(webhookSecrets).values({ ...secret, id: newId() });
}

/** Lets the secret in use sign for so many seconds more, and no older one; answers with that moment. */
export async function retireSecret(
  tx: Tx,
  { tenantId, id }: { tenantId: string; id: string },
  overlapSeconds: number,
): Promise<Date> {
  await tx.delete(webhookSecrets).where(and(secretsOf(tenantId, id), isNotNull(webhookSecrets.expiresAt)));
  const [retired] = await tx
    .update(webhookSecrets)
    .set({ expiresAt: sql`clock_timestamp() + ${overlapSeconds} * interval '1 second'` })
    .where(secretsOf(tenantId, id))
    .returning({ until: webhookSecrets.expiresAt });
  return retired!.until!;
}

/** Removes every secret of an endpoint. */
export async function deleteSecrets(
  tx: Tx,
  { tenantId, id }: { tenantId: string; id: string },
): Promise<void> {
  await tx.delete(webhookSecrets).where(secretsOf(tenantId, id));
}

/** The sealed secrets that sign now, the newest first. */
export async function findSealedSecrets(tx: Tx, tenant: string, endpointId: string): Promise<string[]> {
  const valid = or(isNull(webhookSecrets.expiresAt), gt(webhookSecrets.expiresAt, sql`clock_timestamp()`));
  const found = await tx
    .select({ sealed: webhookSecrets.sealed })
    .from(webhookSecrets)
    .where(and(secretsOf(tenant, endpointId), valid))
    .orderBy(desc(isNull(webhookSecrets.expiresAt)), asc(webhookSecrets.id));
  return found.map(({ sealed }) => sealed);
}
