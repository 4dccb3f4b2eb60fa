import pLimit from 'p-limit';
import { quotedOf } from '../../src/runtime/error-message.ts';
import type { Observation, RunObserver } from '../../temporal/gateway-type.ts';
import type { ReconcileResult } from '../../workflows/journal/reconcile-runs/messages.ts';
import { holdForObservation } from './lost-runs.ts';
import type { InFlight, Reconciler } from './reconciler.ts';

const LOOKS_AT_ONCE = 10;
/** Less than half of the connections of a worker: what it works on comes first. */
const WRITES_AT_ONCE = 4;
/** A pass has 45 s, and what it has found has to be written too. */
const LOOK_FOR_MS = 20_000;

export type SettleDeps = {
  observer: RunObserver;
  reconcilers: readonly Reconciler[];
  /** Notes how often the workflow's own step of a run has failed in a row; alerts are made of it. */
  noteTaskFailures(row: InFlight, failures: number): Promise<void>;
  warn(message: string, about: Record<string, unknown>): void;
};

/**
 * Gives back every row whose workflow an operator or a fault has ended, area by area. What Temporal or the
 * database refuses for one run is left to the next pass and keeps no other run waiting.
 */
export async function settleLostRuns(deps: SettleDeps): Promise<ReconcileResult> {
  const inFlight = (await Promise.all(deps.reconcilers.map((one) => one.findInFlight()))).flat();
  const workflowOf = new Map(inFlight.map((row) => [row.runId, row.workflowId]));
  const observed = await observeAll(deps, workflowOf);
  await noteFailures(deps, inFlight, observed);
  const ended = await endStuck(deps, workflowOf, observed);
  const lost = new Map(
    [...observed].filter(([runId, { state }]) => (state === 'stuck' ? ended.has(runId) : state !== 'open')),
  );
  let held = 0;
  for (const reconciler of lost.size > 0 ? deps.reconcilers : []) {
    held += await holdLost(deps, reconciler, lost);
  }
  return { looked_at: workflowOf.size, ended: ended.size, held };
}

/** What Temporal says of runs, by run id; those of which it says nothing in time are absent. */
async function observeAll(
  deps: SettleDeps,
  workflowOf: ReadonlyMap<string, string>,
): Promise<Map<string, Observation>> {
  const until = performance.now() + LOOK_FOR_MS;
  const observed = new Map<string, Observation>();
  let reason = 'there was no time left';
  await pLimit(LOOKS_AT_ONCE).map(inAnyOrder(workflowOf), async ([runId, workflowId]) => {
    if (performance.now() >= until) return;
    try {
      observed.set(runId, await deps.observer.observe(workflowId));
    } catch (error) {
      reason = quotedOf(error);
    }
  });
  const missing = workflowOf.size - observed.size;
  if (missing > 0) deps.warn('could not look after some runs', { runs: missing, reason });
  return observed;
}

/** Another order each time: where the time does not suffice, it is not always the same that go without. */
function inAnyOrder<Entry>(entries: Iterable<Entry>): Entry[] {
  const all = [...entries];
  const first = Math.floor(Math.random() * all.length);
  return [...all.slice(first), ...all.slice(0, first)];
}

async function noteFailures(
  deps: SettleDeps,
  rows: readonly InFlight[],
  observed: ReadonlyMap<string, Observation>,
): Promise<void> {
  await pLimit(WRITES_AT_ONCE).map(rows, async (row) => {
    const observation = observed.get(row.runId);
    if (row.taskFailures === undefined || observation?.state !== 'open') return;
    if (observation.failures === row.taskFailures) return;
    try {
      await deps.noteTaskFailures(row, observation.failures);
    } catch (error) {
      deps.warn('could not note the failures of a run', { run_id: row.runId, reason: quotedOf(error) });
    }
  });
}

/** Ends the workflows that cannot go on; answers of which runs. */
async function endStuck(
  { observer, warn }: SettleDeps,
  workflowOf: ReadonlyMap<string, string>,
  observed: ReadonlyMap<string, Observation>,
): Promise<Set<string>> {
  const ended = new Set<string>();
  await pLimit(LOOKS_AT_ONCE).map([...observed], async ([runId, observation]) => {
    if (observation.state !== 'stuck') return;
    const workflow = { workflowId: workflowOf.get(runId) ?? '', temporalRunId: observation.temporalRunId };
    try {
      await observer.terminate(workflow, 'AgOS: its workflow task failed ten times in a row (run_stuck)');
      ended.add(runId);
    } catch (error) {
      warn('could not end a run that is stuck', { run_id: runId, reason: quotedOf(error) });
    }
  });
  return ended;
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
  await pLimit(WRITES_AT_ONCE).map(await reconciler.findInFlight(), async (row) => {
    const observation = lost.get(row.runId);
    const hold = observation && holdForObservation(observation);
    if (!hold) return;
    try {
      await reconciler.hold(row, hold);
      held += 1;
      deps.warn('held what a lost run left behind', about(reconciler, row, hold.code));
    } catch (error) {
      const what = { ...about(reconciler, row, hold.code), reason: quotedOf(error) };
      deps.warn('could not hold what a lost run left', what);
    }
  });
  return held;
}

function about(reconciler: Reconciler, row: InFlight, code: string): Record<string, unknown> {
  return { area: reconciler.name, run_id: row.runId, workflow_id: row.workflowId, hold: code };
}
