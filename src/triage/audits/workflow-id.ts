import { auditWorkflowId, triageWorkflowId } from '../../../workflows/triage/triage-room/messages.ts';

/** The workflow that works, or worked, on an audit. */
export function workflowIdOf(audit: { tenantId: string; leadId: string | null; id: string }): string {
  return audit.leadId
    ? triageWorkflowId(audit.tenantId, audit.leadId)
    : auditWorkflowId(audit.tenantId, audit.id);
}
