import { and, eq, isNull, or, sql } from 'drizzle-orm';
import type { Database, Tx } from '../../runtime/database/database.ts';
import {
  keyset,
  type PageOf,
  type PageRequest,
  type SortColumns,
  toPage,
} from '../../runtime/database/keyset.ts';
import type { TenantRow } from '../tenants/repository.ts';
import { tenants } from '../tenants/tables.ts';
import { ssoConnections } from './tables.ts';

export type ConnectionRow = typeof ssoConnections.$inferSelect;
export type NewConnection = typeof ssoConnections.$inferInsert;
/** Who trusts whom. */
export type Trust = Pick<ConnectionRow, 'tenantId' | 'issuer'>;
export type Trusted = { connection: ConnectionRow; tenant: TenantRow };
export type ConnectionChange = Partial<
  Pick<
    ConnectionRow,
    'name' | 'audience' | 'enabled' | 'rules' | 'defaultRole' | 'mayGrantOwner' | 'removedAt'
  >
>;

const SORTS: SortColumns<'created_at'> = { created_at: { by: ssoConnections.id, type: 'uuid' } };

/** The enabled connection of each tenant for an issuer, or null, read before anybody is known. */
export async function findTrusted(db: Database, asked: readonly Trust[]): Promise<(Trusted | null)[]> {
  const wanted = new Map(asked.map((trust) => [nameOf(trust), trust]));
  const found = await db.withSystem('sso_of_tenant', (tx) =>
    tx
      .select({ connection: ssoConnections, tenant: tenants })
      .from(ssoConnections)
      .innerJoin(tenants, eq(tenants.id, ssoConnections.tenantId))
      .where(
        and(
          or(
            ...Array.from(wanted.values(), ({ tenantId, issuer }) =>
              and(eq(ssoConnections.tenantId, tenantId), eq(ssoConnections.issuer, issuer)),
            ),
          ),
          eq(ssoConnections.enabled, true),
          isNull(ssoConnections.removedAt),
          isNull(tenants.deletedAt),
        ),
      ),
  );
  const byName = new Map(found.map((one) => [nameOf(one.connection), one]));
  return asked.map((trust) => byName.get(nameOf(trust)) ?? null);
}

const nameOf = ({ tenantId, issuer }: Trust): string => `${tenantId} ${issuer}`;

/** One page of the tenant's connections. */
export async function listConnections(
  tx: Tx,
  tenant: string,
  page: PageRequest<'created_at'>,
): Promise<PageOf<ConnectionRow>> {
  const { key, after, orderBy, limit } = keyset(page, SORTS, ssoConnections.id);
  const found = await tx
    .select({ row: ssoConnections, key })
    .from(ssoConnections)
    .where(and(eq(ssoConnections.tenantId, tenant), isNull(ssoConnections.removedAt), after))
    .orderBy(...orderBy)
    .limit(limit);
  return toPage(found, page);
}

/** How many connections the tenant has. */
export function countConnections(tx: Tx, tenant: string): Promise<number> {
  return tx.$count(
    ssoConnections,
    and(eq(ssoConnections.tenantId, tenant), isNull(ssoConnections.removedAt)),
  );
}

/** One connection of the tenant, or null. */
export async function findConnection(tx: Tx, tenant: string, id: string): Promise<ConnectionRow | null> {
  const [row] = await tx.select().from(ssoConnections).where(present(tenant, id));
  return row ?? null;
}

/** Adds a connection; null when the tenant has one for the issuer. */
export async function insertConnection(tx: Tx, connection: NewConnection): Promise<ConnectionRow | null> {
  const [row] = await tx.insert(ssoConnections).values(connection).onConflictDoNothing().returning();
  return row ?? null;
}

/** Changes a connection, or removes it. */
export async function changeConnectionRow(
  tx: Tx,
  tenant: string,
  id: string,
  change: ConnectionChange,
): Promise<ConnectionRow> {
  const [row] = await tx
    .update(ssoConnections)
    .set({ ...change, version: sql`${ssoConnections.version} + 1`, updatedAt: sql`now()` })
    .where(present(tenant, id))
    .returning();
  return row!;
}

const present = (tenant: string, id: string) =>
  and(eq(ssoConnections.tenantId, tenant), eq(ssoConnections.id, id), isNull(ssoConnections.removedAt));
