import { newId } from '../../runtime/ids.ts';
import type { RequestContext } from '../request-context.ts';
import { auditLog } from './tables.ts';

/** What happened to what. */
export type AuditEntry = {
  /** Dotted: `lead.created`. */
  action: string;
  resourceType: string;
  resourceId: string | null;
  /** Ids, codes and field names; never secrets nor whole documents. */
  details?: Record<string, unknown>;
  /** Set when somebody acted whom the context does not name. */
  actor?: { kind: typeof auditLog.$inferInsert.actorKind; id: string | null };
};

/** Writes who did what, from where, in the transaction of the change: without the row there is no change. */
export async function recordAudit(ctx: RequestContext, entry: AuditEntry): Promise<void> {
  const actor = entry.actor ?? ctx.scope.actor;
  await ctx.tx.insert(auditLog).values({
    tenantId: ctx.scope.tenant,
    id: newId(),
    actorKind: actor.kind,
    actorId: actor.id,
    action: entry.action,
    resourceType: entry.resourceType,
    resourceId: entry.resourceId,
    details: entry.details ?? {},
    requestId: ctx.requestId,
    address: ctx.address,
    userAgent: ctx.userAgent ?? null,
  });
}
