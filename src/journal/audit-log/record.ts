import { newId } from '../../runtime/ids.ts';
import type { RequestContext } from '../request-context.ts';
import { auditLog } from './tables.ts';

/** One line of the audit log: what was done, to what. */
export type AuditEntry = {
  /** `resource.verb`, such as `lead.created`. */
  action: string;
  resourceType: string;
  resourceId: string | null;
  details?: Record<string, unknown>;
  /** Who it was when it was not the scope's actor: nobody that a ticket proves, for example. */
  actor?: { kind: 'operator' | 'administrator'; id: string | null };
};

/** Writes who did what, from where, in the transaction of the change itself. */
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
  });
}
