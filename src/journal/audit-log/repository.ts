import { and, eq, gte, lt } from 'drizzle-orm';
import type { Tx } from '../../runtime/database/database.ts';
import {
  keyset,
  type PageOf,
  type PageRequest,
  type SortColumns,
  toPage,
} from '../../runtime/database/keyset.ts';
import { auditLog } from './tables.ts';

export type AuditLogRow = typeof auditLog.$inferSelect;
export type AuditLogFilter = {
  action?: string | undefined;
  actorId?: string | undefined;
  resourceType?: string | undefined;
  resourceId?: string | undefined;
  from?: Date | undefined;
  to?: Date | undefined;
};

const SORTS: SortColumns<'at'> = { at: { by: auditLog.at, type: 'timestamptz' } };

/** One page of the tenant's audit log. */
export async function listAuditLog(
  tx: Tx,
  tenant: string,
  filter: AuditLogFilter,
  page: PageRequest<'at'>,
): Promise<PageOf<AuditLogRow>> {
  const { key, after, orderBy, limit } = keyset(page, SORTS, auditLog.id);
  const found = await tx
    .select({ row: auditLog, key })
    .from(auditLog)
    .where(
      and(
        eq(auditLog.tenantId, tenant),
        filter.action ? eq(auditLog.action, filter.action) : undefined,
        filter.actorId ? eq(auditLog.actorId, filter.actorId) : undefined,
        filter.resourceType ? eq(auditLog.resourceType, filter.resourceType) : undefined,
        filter.resourceId ? eq(auditLog.resourceId, filter.resourceId) : undefined,
        filter.from ? gte(auditLog.at, filter.from) : undefined,
        filter.to ? lt(auditLog.at, filter.to) : undefined,
        after,
      ),
    )
    .orderBy(...orderBy)
    .limit(limit);
  return toPage(found, page);
}
