import type { LeadRow } from './repository.ts';
import type { LeadView } from './schemas.ts';

/** A lead as the API shows it. */
export function toLeadView(row: LeadRow): LeadView {
  return {
    id: row.id,
    url: row.url,
    domain: row.domain,
    company_name: row.companyName,
    industry: row.industry,
    notes: row.notes,
    metadata: row.metadata,
    source: row.source,
    batch_id: row.batchId,
    status: row.status,
    status_changed_at: row.statusChangedAt.toISOString(),
    current_room: row.currentRoom,
    score: row.score,
    reasons: row.reasons,
    hold: holdOf(row),
    awaiting: row.awaiting,
    latest_audit_id: row.latestAuditId,
    current_run_id: row.currentRunId,
    created_by: row.createdBy,
    assigned_to: row.assignedTo,
    version: row.version,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}

function holdOf(row: LeadRow): LeadView['hold'] {
  if (row.holdCode === null || row.holdMessage === null || row.holdSince === null) return null;
  return { code: row.holdCode, message: row.holdMessage, since: row.holdSince.toISOString() };
}
