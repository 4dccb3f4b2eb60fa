import { recordAudit } from '../../journal/audit-log/record.ts';
import type { RequestContext } from '../../journal/request-context.ts';
import { canonicalDomain } from '../../kernel/domain.ts';
import { AgosError } from '../../kernel/errors.ts';
import { parseTarget } from '../../runtime/egress/address.ts';
import { newId } from '../../runtime/ids.ts';
import { addContacts } from '../contacts/repository.ts';
import { requireMember } from './assign.ts';
import { findLeadByDomain, insertLead, type LeadRow } from './repository.ts';
import type { CreateLeadInput } from './schemas.ts';
import { storedUrl, type UrlRules } from './stored-url.ts';

/**
 * Adds one lead with its contacts. Throws the URL's own codes, `validation_failed` for an unknown
 * assignee, and `lead_exists` with the id of the live lead that has the domain.
 */
export async function createLead(
  ctx: RequestContext,
  input: CreateLeadInput & { source: 'manual' | 'api' },
  urlRules: UrlRules,
): Promise<LeadRow> {
  const { tx, scope } = ctx;
  const target = parseTarget(input.url, { ...urlRules, field: 'url' });
  const domain = canonicalDomain(target.url);
  if (input.assigned_to) await requireMember(tx, scope.tenant, input.assigned_to);
  const lead = await insertLead(tx, {
    tenantId: scope.tenant,
    id: newId(),
    url: storedUrl(target),
    domain,
    companyName: input.company_name ?? null,
    industry: input.industry ?? null,
    notes: input.notes ?? null,
    metadata: input.metadata ?? {},
    source: input.source,
    createdBy: scope.actor.id,
    assignedTo: input.assigned_to ?? null,
  });
  if (!lead) throw await leadExists(ctx, domain);
  await addContacts(
    tx,
    { tenantId: scope.tenant, leadId: lead.id, createdBy: scope.actor.id },
    input.contacts ?? [],
  );
  await recordAudit(ctx, {
    action: 'lead.created',
    resourceType: 'lead',
    resourceId: lead.id,
    details: { domain },
  });
  return lead;
}

async function leadExists(ctx: RequestContext, domain: string): Promise<AgosError> {
  const existing = await findLeadByDomain(ctx.tx, ctx.scope.tenant, domain);
  return new AgosError('lead_exists', `There is a lead for ${domain} already.`, {
    field: 'url',
    ...(existing && { lead_id: existing.id }),
  });
}
