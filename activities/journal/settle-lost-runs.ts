import pLimit from 'p-limit';
import type { Observation, RunObserver } from '../../temporal/gateway-type.ts';
import type { ReconcileResult } from '../../workflows/journal/reconcile-runs/messages.ts';
import { holdForObservation } from './lost-runs.ts';
import type { InFlight, Reconciler } from './reconciler.ts';

const LOOKS_AT_ONCE = 10;

export type SettleDeps = {
  observer: RunObserver;
  reconcilers: readonly Reconciler[];
  /** Notes how often the workflow's own step of a run has failed in a row; alerts are made of it. */
  noteTaskFailures(row: InFlight, failures: number): Promise<void>;
  warn(message: string, about: Record<string, unknown>): void;
};

/** Gives back every row whose workflow an operator or a fault has ended, area by area. */
export async function settleLostRuns(deps: SettleDeps): Promise<ReconcileResult> {
  const inFlight = (await Promise.all(deps.reconcilers.map((one) => one.findInFlight()))).flat();
  const workflowOf = new Map(inFlight.map((row) => [row.runId, row.workflowId]));
  const observed = await observeAll(deps.observer, workflowOf);
  await noteFailures(deps, inFlight, observed);
  const lost = new Map([...observed].filter(([, { state }]) => state !== 'open'));
  let ended = 0;
  for (const [runId, observation] of lost) {
    if (observation.state !== 'stuck') continue;
    const workflow = { workflowId: workflowOf.get(runId) ?? '', temporalRunId: observation.temporalRunId };
    await deps.observer.terminate(workflow, 'AgOS: its workflow task failed ten times in a row (run_stuck)');
    ended += 1;
  }
  let held = 0;
  for (const reconciler of lost.size > 0 ? deps.reconcilers : []) {
    held += await holdLost(deps, reconciler, lost);
  }
  return { looked_at: workflowOf.size, ended, held };
}

/** What Temporal says of runs, by run id. */
async function observeAll(
  observer: RunObserver,
  workflowOf: ReadonlyMap<string, string>,
): Promise<Map<string, Observation>> {
  const limit = pLimit(LOOKS_AT_ONCE);
  const looks = [...workflowOf].map(([runId, workflowId]) =>
    limit(async () => [runId, await observer.observe(workflowId)] as const),
  );
  return new Map(await Promise.all(looks));
}

async function noteFailures(
  deps: SettleDeps,
  rows: readonly InFlight[],
  observed: ReadonlyMap<string, Observation>,
): Promise<void> {
  for (const row of rows) {
    const observation = observed.get(row.runId);
    if (row.taskFailures === undefined || observation?.state !== 'open') continue;
    if (observation.failures !== row.taskFailures) await deps.noteTaskFailures(row, observation.failures);
  }
}

/**
 * Asks the area again: what a workflow finished with between the two looks is no longer in flight, and
 * a newer run of the same workflow id is not the one that was lost.
 */
async function holdLost(
  deps: SettleDeps,
  reconciler: Reconciler,
  lost: ReadonlyMap<string, Observation>,
): Promise<number> {
  let held = 0;
  for (const row of await reconciler.findInFlight()) {
    const observation = lost.get(row.runId);
    const hold = observation && holdForObservation(observation);
    if (!hold) continue;
    try {
      await reconciler.hold(row, hold);
      held += 1;
      deps.warn('held what a lost run left behind', about(reconciler, row, hold.code));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      deps.warn('could not hold what a lost run left', { ...about(reconciler, row, hold.code), reason });
    }
  }
  return held;
}

function about(reconciler: Reconciler, row: InFlight, code: string): Record<string, unknown> {
  return { area: reconciler.name, run_id: row.runId, workflow_id: row.workflowId, hold: code };
}
