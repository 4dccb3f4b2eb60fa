import {
  auditWorkflowId,
  type TriageRoomInput,
  type TriageTrigger,
  triageWorkflowId,
} from '../../../workflows/triage/triage-room/messages.ts';
import type { AdmitWork } from '../../control/admission/admit-work.ts';
import { recordAudit } from '../../journal/audit-log/record.ts';
import type { RequestContext } from '../../journal/request-context.ts';
import { type RunRow, requestRun } from '../../journal/runs/repository.ts';
import { AgosError } from '../../kernel/errors.ts';
import { changeLead, lockLead } from '../../leads/leads/repository.ts';
import { canMove, type LeadStatus } from '../../leads/leads/rules.ts';
import { newId } from '../../runtime/ids.ts';
import { currentTraceparent } from '../../runtime/telemetry/spans.ts';

/** The two ways to ask for a triage, both in the caller's transaction. Both throw what admission refuses with. */
export type TriageRequests = {
  /**
   * Asks for the triage of a lead: the open run when there is one, which costs nothing, else a new run that
   * becomes the lead's current one. Throws `not_found` and `status_transition_invalid`.
   */
  requestTriage(
    ctx: RequestContext,
    input: { leadId: string; trigger?: TriageTrigger },
  ): Promise<{ run: RunRow; created: boolean }>;
  /** Asks for a one-off triage of a URL that keeps no lead; the audit's id is the run's subject. */
  requestAudit(ctx: RequestContext, input: { url: string }): Promise<RunRow>;
};

/** Joins the requests with what lets work begin. */
export function createTriageRequests({ admitWork }: { admitWork: AdmitWork }): TriageRequests {
  return {
    requestTriage: async (ctx, input) => {
      const { tx, scope } = ctx;
      const lead = await lockLead(tx, scope.tenant, input.leadId);
      if (!lead) throw new AgosError('not_found', 'There is no such lead.');
      const workflowId = triageWorkflowId(scope.tenant, lead.id);
      const about = { workflowId, leadId: lead.id, trigger: input.trigger ?? 'api' };
      const requested = await request(ctx, about);
      if (!requested.created) return requested;
      requireScannable(lead.status);
      await changeLead(tx, scope.tenant, lead.id, {
        currentRunId: requested.run.id,
        statusBeforeRun: lead.status === 'scanning' ? lead.statusBeforeRun : lead.status,
      });
      // Last, since it holds rows that every other request of the tenant waits for.
      await admitWork(ctx, { kind: 'triage', principal: scope.actor.id });
      return requested;
    },
    requestAudit: async (ctx, { url }) => {
      const auditId = newId();
      const workflowId = auditWorkflowId(ctx.scope.tenant, auditId);
      const { run } = await request(ctx, { workflowId, leadId: null, auditId, url, trigger: 'api' });
      await admitWork(ctx, { kind: 'triage', principal: ctx.scope.actor.id });
      return run;
    },
  };
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
    // Thousands of scans in an import's trace could not be read: each begins its own, linked to it.
    traceparent: what.trigger === 'import' ? null : currentTraceparent(),
  });
  if (requested.created) {
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
