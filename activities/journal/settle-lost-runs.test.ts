import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { AgosError } from '../../src/kernel/errors.ts';
import type { Observation } from '../../temporal/gateway-type.ts';
import type { InFlight, Reconciler } from './reconciler.ts';
import { createRunActivities } from './runs.ts';
import { type SettleDeps, settleLostRuns } from './settle-lost-runs.ts';

afterEach(() => {
  vi.useRealTimers();
});

const rowOf = (runId: string): InFlight => ({
  tenant: 'a tenant',
  principalId: 'a principal',
  runId,
  workflowId: `of ${runId}`,
  taskFailures: 0,
});
const silent = () => new AgosError('temporal_unavailable', 'The workflow engine does not answer.');
const stuck: Observation = { state: 'stuck', temporalRunId: 'the newest', failures: 10 };

/** A pass over runs of which Temporal says what `observe` does. */
function pass(runIds: string[], observe: (runId: string) => Promise<Observation>, over: Partial<SettleDeps>) {
  const held: string[] = [];
  const warnings: string[] = [];
  const area: Reconciler = {
    name: 'an area',
    findInFlight: async () => runIds.map(rowOf),
    hold: async ({ runId }, { code }) => {
      held.push(`${runId}: ${code}`);
    },
  };
  const settled = settleLostRuns({
    observer: {
      observe: (workflowId) => observe(workflowId.slice('of '.length)),
      terminate: async () => undefined,
    },
    reconcilers: [area],
    noteTaskFailures: async () => undefined,
    warn: (message) => warnings.push(message),
    ...over,
  });
  return { settled, held, warnings };
}

// sabotage: activities/journal/settle-lost-runs.ts :: reason = quotedOf(error); => throw error;
test('a run of which Temporal says nothing in time keeps no other from being held', async () => {
  const { settled, held, warnings } = pass(
    ['gone', 'slow', 'alive', 'gone too'],
    async (runId) => {
      if (runId === 'slow') throw silent();
      if (runId === 'alive') return { state: 'open', temporalRunId: 'the newest', failures: 0 };
      return { state: 'terminated' };
    },
    {},
  );
  expect(await settled).toEqual({ looked_at: 4, ended: 0, held: 2 });
  expect(held.sort()).toEqual(['gone too: run_terminated', 'gone: run_terminated']);
  expect(warnings).toContain('could not look after some runs');
});

// sabotage: activities/journal/settle-lost-runs.ts :: warn('could not end a run that is stuck', { run_id: runId, reason: quotedOf(error) }); => throw error;
// sabotage: activities/journal/settle-lost-runs.ts :: state === 'stuck' ? ended.has(runId) : state !== 'open' => state !== 'open'
test('a stuck run that cannot be ended is left as it is, and the others are ended and held', async () => {
  const { settled, held } = pass(['one', 'two', 'three'], async () => stuck, {
    observer: {
      observe: async () => stuck,
      terminate: async ({ workflowId }) => {
        if (workflowId === 'of two') throw silent();
      },
    },
  });
  expect(await settled).toEqual({ looked_at: 3, ended: 2, held: 2 });
  expect(held.sort()).toEqual(['one: run_stuck', 'three: run_stuck']);
});

// sabotage: activities/journal/settle-lost-runs.ts :: deps.warn('could not note the failures of a run', { run_id: row.runId, reason: quotedOf(error) }); => throw error;
test('failures that cannot be noted keep nothing from being held', async () => {
  const { settled, held } = pass(
    ['failing', 'gone'],
    async (runId) =>
      runId === 'gone' ? { state: 'not_found' } : { state: 'open', temporalRunId: 'the newest', failures: 3 },
    { noteTaskFailures: () => Promise.reject(silent()) },
  );
  expect(await settled).toEqual({ looked_at: 2, ended: 0, held: 1 });
  expect(held).toEqual(['gone: run_lost']);
});

// sabotage: activities/journal/settle-lost-runs.ts :: if (performance.now() >= until) return; =>
test('a pass over more slow runs than it has time for ends in time, and holds what it has found', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
  const slowly = async (): Promise<Observation> => {
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    return { state: 'not_found' };
  };
  const { settled, held } = pass(
    Array.from({ length: 400 }, (_, n) => `${n}`),
    slowly,
    {},
  );
  await vi.advanceTimersByTimeAsync(23_000);
  vi.useRealTimers();
  expect(await Promise.race([settled, sleep(1_000)])).toMatchObject({ looked_at: 400, held: held.length });
  expect(held.length).toBeGreaterThan(100);
  expect(held.length).toBeLessThan(200);
});

// sabotage: activities/journal/runs.ts :: await Promise.allSettled([ => await Promise.all([
test('reservations of workers that are gone end whatever happens to the rest of the pass', async () => {
  let released = 0;
  const broken: Reconciler = {
    name: 'broken',
    findInFlight: () => Promise.reject(silent()),
    hold: async () => undefined,
  };
  const unused = undefined as never;
  const { settleLostRuns: settle } = createRunActivities({
    db: unused,
    clock: unused,
    gateway: unused,
    observer: unused,
    reconcilers: [broken],
    endStaleReservations: async () => {
      await sleep(50);
      released += 1;
      return 0;
    },
  });
  await expect(settle()).rejects.toMatchObject({ code: 'temporal_unavailable' });
  expect(released).toBe(1);
});
