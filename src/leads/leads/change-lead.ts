import { sql } from 'drizzle-orm';
import { recordAudit } from '../../journal/audit-log/record.ts';
import type { RequestContext } from '../../journal/request-context.ts';
import { AgosError } from '../../kernel/errors.ts';
import { requireMember } from './assign.ts';
import { changeLead, type LeadRow, lockLead } from './repository.ts';
import type { UpdateLeadInput } from './schemas.ts';

/** Changes what people know about a lead. Throws `not_found`, and what `checkVersion` throws. */
export async function updateLead(
  ctx: RequestContext & { checkVersion(version: number): void },
  input: { id: string; change: UpdateLeadInput },
): Promise<LeadRow> {
  const { tx, scope } = ctx;
  const lead = await requireLead(ctx, input.id);
  ctx.checkVersion(lead.version);
  const { change } = input;
  if (change.assigned_to) await requireMember(tx, scope.tenant, change.assigned_to);
  const changed = await changeLead(tx, scope.tenant, lead.id, {
    ...(change.company_name !== undefined && { companyName: change.company_name }),
    ...(change.industry !== undefined && { industry: change.industry }),
    ...(change.notes !== undefined && { notes: change.notes }),
    ...(change.metadata !== undefined && { metadata: change.metadata }),
    ...(change.assigned_to !== undefined && { assignedTo: change.assigned_to }),
  });
  await recordAudit(ctx, {
    action: 'lead.updated',
    resourceType: 'lead',
    resourceId: lead.id,
    details: { fields: Object.keys(change) },
  });
  // An editor may hand a lead on and no longer see it: the answer is what was there before.
  return changed ?? lead;
}

/** Removes a lead from every list; its rows stay. Throws `not_found`, and `conflict` while a run works on it. */
export async function deleteLead(
  ctx: RequestContext & { checkVersion(version: number): void },
  input: { id: string },
): Promise<void> {
  const lead = await requireLead(ctx, input.id);
  ctx.checkVersion(lead.version);
  if (lead.status === 'scanning') {
    throw new AgosError('conflict', 'A scan of this lead is running. Cancel its run first.', {
      run_id: lead.currentRunId,
    });
  }
  await changeLead(ctx.tx, ctx.scope.tenant, lead.id, { deletedAt: sql`now()` as unknown as Date });
  await recordAudit(ctx, { action: 'lead.deleted', resourceType: 'lead', resourceId: lead.id });
}

/** A lead that the actor may see, locked; throws `not_found`. */
export async function requireLead(ctx: RequestContext, id: string): Promise<LeadRow> {
  const lead = await lockLead(ctx.tx, ctx.scope.tenant, id);
  if (!lead) throw new AgosError('not_found', 'There is no such lead.');
  return lead;
}
