export { reconcileRuns } from './reconcile-runs/workflow.ts';
export { sweepRuns } from './sweep-runs/workflow.ts';
