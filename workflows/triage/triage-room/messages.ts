/** Everything that callers of the triage room import: names, queue, id builders, message types. */

export const TRIAGE_ROOM = 'triageRoom';
export const TRIAGE_ROOM_QUEUE = 'workflows';

/** One triage of a lead at a time: the workflow id is the lock. */
export const triageWorkflowId = (tenant: string, leadId: string) => `triage:${tenant}:${leadId}`;

/** A one-off audit keeps no lead; each has its own id. */
export const auditWorkflowId = (tenant: string, auditId: string) => `audit:${tenant}:${auditId}`;

export type TriageRoomInput = {
  version: 1;
  tenant: string;
  run_id: string;
  /** Member or key whose request this is; activities act as `system` for it. */
  principal_id: string;
  lead_id: string | null;
  audit_id: string;
  /** What asked for it; absent in runs from before it was told. */
  trigger?: TriageTrigger;
};
export type TriageTrigger = 'api' | 'import';

/** Query `progress`: the live state of one triage. */
export const PROGRESS_QUERY = 'progress';
export type TriageStep =
  | 'queued'
  | 'fetching'
  | 'inspecting'
  | 'measuring'
  | 'scoring'
  | 'summarising'
  | 'reporting'
  | 'awaiting'
  | 'done';
export type TriageProgress = {
  step: TriageStep;
  steps_done: TriageStep[];
  hold_code: string | null;
  score: number | null;
  awaiting_until: string | null;
  /** Why it stands still at the moment, and until when at the latest. */
  paused: { code: 'budget_exceeded'; until: string } | null;
};

/** Signal `cancel`: ends the triage; its lead is held with `cancelled`. */
export const CANCEL_SIGNAL = 'cancel';
export type CancelRequest = { reason: string | null };

/** Update `decide`, and a signal of the same meaning for plain clients and the Web UI. */
export const DECIDE_UPDATE = 'decide';
export const DECIDE_SIGNAL = 'decide_signal';
export type DecideRequest = {
  outcome: 'qualified' | 'disqualified';
  reason?: string;
  /** Signed proof of who decides; without one the decision counts as an unauthenticated operator's. */
  ticket?: string;
};
export type DecideResult = { outcome: 'qualified' | 'disqualified'; decided_at: string; approval_id: string };

/** What recording a decision gave; `earlier` when the expiry came upon a person's decision, which stands. */
export type Recorded = DecideResult & { earlier?: { reason: string | null } };

export type TriageRoomResult = {
  status: 'qualified' | 'disqualified' | 'held' | 'superseded';
  score: number | null;
  hold_code: string | null;
};
