/** Everything that the event log says: a closed list. Migrations write these words. */
export const EVENT_TYPES = [
  'lead.created',
  'lead.updated',
  'lead.status_changed',
  'lead.held',
  'lead.deleted',
  'run.requested',
  'run.started',
  'run.running',
  'run.cancel_requested',
  'run.completed',
  'run.failed',
  'run.cancelled',
  'audit.started',
  'audit.progressed',
  'audit.completed',
  'audit.held',
  'agent_run.started',
  'agent_run.completed',
  'agent_run.failed',
  'agent_run.cancelled',
  'model_call.answered',
  'spend.settled',
  'approval.opened',
  'approval.decided',
  'approval.expired',
  'approval.withdrawn',
  'batch.created',
  'batch.started',
  'batch.line_settled',
  'batch.completed',
  'batch.failed',
  'batch.cancelled',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** The channel on which PostgreSQL says that a tenant has new events; the payload is the tenant's id. */
export const EVENTS_CHANNEL = 'agos_events';
