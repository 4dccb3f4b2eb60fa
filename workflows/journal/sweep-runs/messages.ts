/** Starts and cancels workflows for which that was committed while Temporal could not be asked; a Schedule starts it. */
export const SWEEP_RUNS = 'sweepRuns';
export const SWEEP_RUNS_QUEUE = 'workflows';

export type SweepResult = {
  started: number;
  already_running: number;
  left: number;
  cancels_delivered: number;
};
