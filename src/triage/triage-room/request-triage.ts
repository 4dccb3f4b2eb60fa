import {
  auditWorkflowId,
  type TriageRoomInput,
  type TriageTrigger,
  triageWorkflowId,
} from '../../../workflows/triage/triage-room/messages.ts';
import { refuseWhileStopped } from '../../control/kill-switch/refuse-stopped.ts';
import { recordAudit } from '../../journal/audit-log/record.ts';
import type { RequestContext } from '../../journal/request-context.ts';
import { type RunRow, requestRun } from '../../journal/runs/repository.ts';
import { AgosError } from '../../kernel/errors.ts';
import { changeLead, lockLead } from '../../leads/leads/repository.ts';
import { canMove, type LeadStatus } from '../../leads/leads/rules.ts';
import { newId } from '../../runtime/ids.ts';

/**
 * Asks for the triage of a lead, in the caller's transaction: the open run when there is one, else a new
 * run that becomes the lead's current one. Throws `not_found`, `status_transition_invalid` and `kill_switch_on`.
 */
export async function requestTriage(
  ctx: RequestContext,
  input: { leadId: string; trigger?: TriageTrigger },
): Promise<{ run: RunRow; created: boolean }> {
  const { tx, scope } = ctx;
  const lead = await lockLead(tx, scope.tenant, input.leadId);
  if (!lead) throw new AgosError('not_found', 'There is no such lead.');
  const workflowId = triageWorkflowId(scope.tenant, lead.id);
  const requested = await request(ctx, { workflowId, leadId: lead.id, trigger: input.trigger ?? 'api' });
  if (!requested.created) return requested;
  requireScannable(lead.status);
  await changeLead(tx, scope.tenant, lead.id, {
    currentRunId: requested.run.id,
    statusBeforeRun: lead.status === 'scanning' ? lead.statusBeforeRun : lead.status,
  });
  return requested;
}

/** Asks for a one-off triage of a URL that keeps no lead; the audit's id is the run's subject. */
export async function requestAudit(ctx: RequestContext, input: { url: string }): Promise<RunRow> {
  const auditId = newId();
  const workflowId = auditWorkflowId(ctx.scope.tenant, auditId);
  const { run } = await request(ctx, { workflowId, leadId: null, auditId, url: input.url, trigger: 'api' });
  return run;
}

async function request(
  ctx: RequestContext,
  what: {
    workflowId: string;
    leadId: string | null;
    trigger: TriageTrigger;
    auditId?: string;
    url?: string;
  },
): Promise<{ run: RunRow; created: boolean }> {
  const { tx, scope } = ctx;
  const runId = newId();
  const auditId = what.auditId ?? newId();
  const input: TriageRoomInput = {
    version: 1,
    tenant: scope.tenant,
    run_id: runId,
    principal_id: scope.actor.id,
    lead_id: what.leadId,
    audit_id: auditId,
    trigger: what.trigger,
  };
  const requested = await requestRun(tx, {
    id: runId,
    tenantId: scope.tenant,
    kind: 'triage-room',
    workflowId: what.workflowId,
    input,
    leadId: what.leadId,
    subjectId: auditId,
    target: what.url ?? null,
    createdBy: scope.actor.id,
    requestId: ctx.requestId,
  });
  if (requested.created) {
    await refuseWhileStopped(tx, scope.tenant);
    await recordAudit(ctx, {
      action: 'triage.requested',
      resourceType: what.leadId ? 'lead' : 'audit',
      resourceId: what.leadId ?? auditId,
      details: { run_id: runId },
    });
  }
  return requested;
}

function requireScannable(status: LeadStatus): void {
  if (status === 'scanning' || canMove(status, 'scanning')) return;
  throw new AgosError('status_transition_invalid', `A lead that is ${status} cannot be scanned again.`, {
    field: 'status',
  });
}
