/**
 * A run's life: `requested` (committed, Temporal not asked yet), `started` (Temporal accepted it),
 * `running` (the workflow claimed it), then one of the ends.
 */
export const RUN_STATUSES = ['requested', 'started', 'running', 'completed', 'failed', 'cancelled'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** Workflow types that a run can ask for. */
export const RUN_KINDS = ['triage-room', 'import-leads'] as const;
export type RunKind = (typeof RUN_KINDS)[number];

/** Whether a run in this status can still change anything. */
export function isOpen(status: RunStatus): boolean {
  return status === 'requested' || status === 'started' || status === 'running';
}

/** How a run ended: `completed` runs may still carry a hold, which is a result. */
export type RunEnd = {
  status: 'completed' | 'failed' | 'cancelled';
  code: string | null;
  message: string | null;
};
