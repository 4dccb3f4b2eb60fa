import pLimit from 'p-limit';
import { findUnmarked, type RunRow } from '../../src/journal/runs/repository.ts';
import { type StartRunOutcome, startRun } from '../../src/journal/runs/start-run.ts';
import { AgosError } from '../../src/kernel/errors.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { Database } from '../../src/runtime/database/database.ts';
import { quotedOf } from '../../src/runtime/error-message.ts';
import type { Gateway } from '../../temporal/gateway-type.ts';
import type { SweepResult } from '../../workflows/journal/sweep-runs/messages.ts';

/** Bounds a pass: what is left comes within seconds, and a flood cannot make a pass overrun its time. */
const RUNS_PER_PASS = 200;
const STARTS_AT_ONCE = 10;

/** Not a moment of this process's clock, which may be wrong: a start beside the route's own is harmless. */
const WHENEVER = new Date('9999-12-31');

export type SweepDeps = {
  db: Database;
  clock: Clock;
  gateway: Pick<Gateway, 'start'>;
  warn(message: string, about: Record<string, unknown>): void;
};

/** Starts the workflows of committed runs that Temporal has not accepted yet, oldest first. */
export async function startUnmarkedRuns(deps: SweepDeps): Promise<Omit<SweepResult, 'cancels_delivered'>> {
  const unmarked = await findUnmarked(deps.db, { requestedBefore: WHENEVER, limit: RUNS_PER_PASS });
  const limit = pLimit(STARTS_AT_ONCE);
  const outcomes = await Promise.all(unmarked.map((run) => limit(() => tryStart(deps, run))));
  const count = (outcome: string): number => outcomes.filter((one) => one === outcome).length;
  return { started: count('started'), already_running: count('already_running'), left: count('left') };
}

/** One run that cannot be started must not keep the others from it. */
async function tryStart(
  deps: SweepDeps,
  run: RunRow,
): Promise<Exclude<StartRunOutcome, 'unavailable'> | 'left'> {
  try {
    const outcome = await startRun(deps, run);
    if (outcome !== 'unavailable') return outcome;
  } catch (error) {
    deps.warn('a run could not be started', { run_id: run.id, reason: quotedOf(error) });
    return 'left';
  }
  throw new AgosError('temporal_unavailable', 'Temporal does not answer: the next pass tries again.');
}
