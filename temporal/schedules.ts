import { type Client, ScheduleAlreadyRunning, type ScheduleOptions } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { RECONCILE_RUNS, RECONCILE_RUNS_QUEUE } from '../workflows/journal/reconcile-runs/messages.ts';
import { SWEEP_RUNS, SWEEP_RUNS_QUEUE } from '../workflows/journal/sweep-runs/messages.ts';
import { SEARCH_KEYS } from '../workflows/lib/search-keys.ts';

export type ScheduleIntervals = {
  /** Half of the ten seconds in which work must begin after the server's return. */
  sweepEveryMs: number;
  reconcileEveryMs: number;
};

export const SCHEDULE_INTERVALS: ScheduleIntervals = { sweepEveryMs: 5_000, reconcileEveryMs: 30_000 };

/** Creates the Schedules of AgOS, or brings those that are there up to date. */
export async function ensureSchedules(
  client: Client,
  intervals: ScheduleIntervals = SCHEDULE_INTERVALS,
): Promise<void> {
  await ensure(client, {
    scheduleId: 'agos-sweep-runs',
    everyMs: intervals.sweepEveryMs,
    workflowType: SWEEP_RUNS,
    queue: SWEEP_RUNS_QUEUE,
  });
  await ensure(client, {
    scheduleId: 'agos-reconcile-runs',
    everyMs: intervals.reconcileEveryMs,
    workflowType: RECONCILE_RUNS,
    queue: RECONCILE_RUNS_QUEUE,
  });
}

type Recurring = { scheduleId: string; everyMs: number; workflowType: string; queue: string };

async function ensure(client: Client, recurring: Recurring): Promise<void> {
  const options = optionsFor(recurring);
  try {
    await client.schedule.create(options);
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    const { spec, action, policies } = options;
    const handle = client.schedule.getHandle(recurring.scheduleId);
    await handle.update(({ state }) => ({ spec, action, policies: policies ?? {}, state }));
  }
}

/** A missed pass is never made up for: the next one sees the same rows. A hung one may not block it for long. */
function optionsFor(recurring: Recurring): ScheduleOptions {
  return {
    scheduleId: recurring.scheduleId,
    spec: { intervals: [{ every: recurring.everyMs }] },
    policies: { overlap: 'SKIP', catchupWindow: '10s' },
    action: {
      type: 'startWorkflow',
      workflowType: recurring.workflowType,
      workflowId: recurring.scheduleId,
      taskQueue: recurring.queue,
      args: [],
      workflowExecutionTimeout: '2m',
      // Lets a list of the Web UI leave them out.
      typedSearchAttributes: new TypedSearchAttributes([{ key: SEARCH_KEYS.area, value: 'journal' }]),
    },
  };
}
