/** Ends and holds what lost its workflow behind our back; a Schedule starts it. */
export const RECONCILE_RUNS = 'reconcileRuns';
export const RECONCILE_RUNS_QUEUE = 'workflows';

export type ReconcileResult = { looked_at: number; ended: number; held: number };
