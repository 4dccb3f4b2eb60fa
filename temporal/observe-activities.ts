import { ApplicationFailure, type Context } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { Histogram } from 'prom-client';
import { type Registry, WORK_SECONDS } from '../src/runtime/telemetry/registry.ts';
import { FAILURE_TYPES } from '../workflows/lib/failures.ts';

/** Counts and times each attempt at an activity, and how long it waited in its queue. */
export function observeActivities(registry: Registry): ActivityInterceptorsFactory {
  const duration = new Histogram({
    name: 'agos_activity_duration_seconds',
    help: 'Attempts at activities.',
    labelNames: ['activity', 'outcome'],
    buckets: WORK_SECONDS,
    registers: [registry],
  });
  const waited = new Histogram({
    name: 'agos_activity_schedule_to_start_seconds',
    help: 'From the moment when an attempt was due until a worker began it, by the clocks of both.',
    labelNames: ['queue'],
    buckets: WORK_SECONDS,
    registers: [registry],
  });
  return (context) => ({
    inbound: {
      execute: async (input, next) => {
        const { activityType: activity, taskQueue: queue, currentAttemptScheduledTimestampMs } = context.info;
        waited.observe({ queue }, Math.max(0, Date.now() - currentAttemptScheduledTimestampMs) / 1_000);
        const ended = duration.startTimer({ activity });
        try {
          const result = await next(input);
          ended({ outcome: 'done' });
          return result;
        } catch (error) {
          ended({ outcome: outcomeOf(context, error) });
          throw error;
        }
      },
    },
  });
}

/** `refused` is an answer, such as a site that is down; `retried` will be tried again. */
function outcomeOf({ cancellationSignal }: Context, error: unknown): string {
  if (cancellationSignal.aborted) return 'cancelled';
  if (!(error instanceof ApplicationFailure)) return 'failed';
  if (error.type === FAILURE_TYPES.goesOn) return 'done';
  if (error.category === 'BENIGN') return 'refused';
  return error.nonRetryable ? 'failed' : 'retried';
}
