import { type Client, ScheduleAlreadyRunning, type ScheduleOptions } from '@temporalio/client';
import { type Duration, TypedSearchAttributes } from '@temporalio/common';
import { EVALUATE_ALERTS, EVALUATE_ALERTS_QUEUE } from '../workflows/control/evaluate-alerts/messages.ts';
import { FORGET_OLD, FORGET_OLD_QUEUE } from '../workflows/control/forget-old/messages.ts';
import { OPEN_MONTH, OPEN_MONTH_QUEUE } from '../workflows/control/open-month/messages.ts';
import { WAKE_WEBHOOKS, WEBHOOKS_QUEUE } from '../workflows/control/webhooks/messages.ts';
import { RECONCILE_RUNS, RECONCILE_RUNS_QUEUE } from '../workflows/journal/reconcile-runs/messages.ts';
import { SWEEP_RUNS, SWEEP_RUNS_QUEUE } from '../workflows/journal/sweep-runs/messages.ts';
import { SEARCH_KEYS } from '../workflows/lib/search-keys.ts';

export type ScheduleIntervals = {
  /** Half of the ten seconds in which work must begin after the server's return. */
  sweepEveryMs: number;
  reconcileEveryMs: number;
  /** Notifications wake webhooks at once; this is for those that went by unheard. */
  wakeWebhooksEveryMs: number;
  alertsEveryMs: number;
};

export const SCHEDULE_INTERVALS: ScheduleIntervals = {
  sweepEveryMs: 5_000,
  reconcileEveryMs: 30_000,
  wakeWebhooksEveryMs: 30_000,
  alertsEveryMs: 30_000,
};

/** Creates the Schedules of AgOS, or brings those that are there up to date. */
export async function ensureSchedules(
  client: Client,
  intervals: ScheduleIntervals = SCHEDULE_INTERVALS,
): Promise<void> {
  await ensure(client, {
    ...MISSED_IS_NEVER_MADE_UP,
    scheduleId: 'agos-sweep-runs',
    spec: { intervals: [{ every: intervals.sweepEveryMs }] },
    workflowType: SWEEP_RUNS,
    queue: SWEEP_RUNS_QUEUE,
  });
  await ensure(client, {
    ...MISSED_IS_NEVER_MADE_UP,
    scheduleId: 'agos-reconcile-runs',
    spec: { intervals: [{ every: intervals.reconcileEveryMs }] },
    workflowType: RECONCILE_RUNS,
    queue: RECONCILE_RUNS_QUEUE,
  });
  await ensure(client, {
    ...MISSED_IS_NEVER_MADE_UP,
    area: 'control',
    scheduleId: WAKE_WEBHOOKS_SCHEDULE,
    spec: { intervals: [{ every: intervals.wakeWebhooksEveryMs }] },
    workflowType: WAKE_WEBHOOKS,
    queue: WEBHOOKS_QUEUE,
  });
  await ensure(client, {
    ...MISSED_IS_NEVER_MADE_UP,
    scheduleId: EVALUATE_ALERTS_SCHEDULE,
    area: 'control',
    spec: { intervals: [{ every: intervals.alertsEveryMs }] },
    workflowType: EVALUATE_ALERTS,
    queue: EVALUATE_ALERTS_QUEUE,
  });
  await ensure(client, {
    ...MISSED_IS_NEVER_MADE_UP,
    scheduleId: FORGET_OLD_SCHEDULE,
    area: 'control',
    spec: { intervals: [{ every: '1h' }] },
    workflowType: FORGET_OLD,
    queue: FORGET_OLD_QUEUE,
  });
  await ensure(client, {
    scheduleId: OPEN_MONTH_SCHEDULE,
    area: 'control',
    spec: { calendars: [{ dayOfMonth: 1, hour: 0, minute: 0, comment: 'the first second of a month, UTC' }] },
    // A server that was down at that moment makes up for it; the first request of a tenant does as well.
    catchupWindow: '7 days',
    timeout: '1h',
    workflowType: OPEN_MONTH,
    queue: OPEN_MONTH_QUEUE,
  });
}

export const OPEN_MONTH_SCHEDULE = 'agos-open-month';
export const WAKE_WEBHOOKS_SCHEDULE = 'agos-wake-webhooks';
export const FORGET_OLD_SCHEDULE = 'agos-forget-old';
export const EVALUATE_ALERTS_SCHEDULE = 'agos-evaluate-alerts';

/** The next pass sees the same rows, and a hung one may not block it for long. */
const MISSED_IS_NEVER_MADE_UP = { area: 'journal', catchupWindow: '10s', timeout: '2m' } as const;

type Recurring = {
  scheduleId: string;
  area: string;
  spec: ScheduleOptions['spec'];
  catchupWindow: Duration;
  timeout: Duration;
  workflowType: string;
  queue: string;
};

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

function optionsFor(recurring: Recurring): ScheduleOptions {
  return {
    scheduleId: recurring.scheduleId,
    spec: recurring.spec,
    policies: { overlap: 'SKIP', catchupWindow: recurring.catchupWindow },
    action: {
      type: 'startWorkflow',
      workflowType: recurring.workflowType,
      workflowId: recurring.scheduleId,
      taskQueue: recurring.queue,
      args: [],
      workflowExecutionTimeout: recurring.timeout,
      // Lets a list of the Web UI leave them out.
      typedSearchAttributes: new TypedSearchAttributes([{ key: SEARCH_KEYS.area, value: recurring.area }]),
    },
  };
}
