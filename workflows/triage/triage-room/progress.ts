import type { Pause } from '../../lib/budget.ts';
import type { TriageProgress, TriageStep } from './messages.ts';

/** The live state of one triage, as the query `progress` answers it. */
export type ProgressTracker = {
  current(): TriageProgress;
  /** Ends the step at hand and enters the next one. */
  enter(step: TriageStep): void;
  scored(score: number): void;
  awaiting(until: string): void;
  /** A step waits for the budget; two may do so at once. */
  paused(pause: Pause): void;
  resumed(): void;
  held(code: string): void;
};

/** Starts tracking: nothing but waiting for its turn is done yet. */
export function createProgress(): ProgressTracker {
  const state: TriageProgress = {
    step: 'queued',
    steps_done: [],
    hold_code: null,
    score: null,
    awaiting_until: null,
    paused: null,
  };
  let pauses = 0;
  const enter = (step: TriageStep): void => {
    if (!state.steps_done.includes(state.step)) state.steps_done.push(state.step);
    state.step = step;
    state.awaiting_until = null;
  };
  return {
    current: () => ({ ...state, steps_done: [...state.steps_done] }),
    enter,
    scored: (score) => {
      state.score = score;
    },
    awaiting: (until) => {
      enter('awaiting');
      state.awaiting_until = until;
    },
    paused: (pause) => {
      pauses += 1;
      state.paused = pause;
    },
    resumed: () => {
      pauses -= 1;
      if (pauses === 0) state.paused = null;
    },
    held: (code) => {
      enter('done');
      state.hold_code = code;
      state.score = null;
      state.paused = null;
    },
  };
}
