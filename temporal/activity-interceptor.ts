import type { Context } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { FAILURE_TYPES } from '../workflows/lib/failures.ts';
import { toFailure } from './failures.ts';

/** Receives what really went wrong in an activity, for the worker's own log. */
export type ReportUnexpected = (error: unknown, about: Record<string, unknown>) => void;

/** Maps every activity's errors, so that activities throw what they mean and need no wrapping. */
export function failureInterceptor(report: ReportUnexpected): ActivityInterceptorsFactory {
  return (context) => ({
    inbound: {
      execute: async (input, next) => {
        try {
          return await next(input);
        } catch (error) {
          throw translate(context, error, report);
        }
      },
    },
  });
}

function translate(context: Context, error: unknown, report: ReportUnexpected): unknown {
  // Whatever a cancelled activity throws, its workflow hears that it was cancelled.
  if (context.cancellationSignal.aborted) return context.cancellationSignal.reason;
  const { activityType, attempt, workflowExecution } = context.info;
  const failure = toFailure(error, attempt);
  if ('type' in failure && failure.type === FAILURE_TYPES.unexpected) {
    report(error, { activity: activityType, attempt, workflow_id: workflowExecution?.workflowId });
  }
  return failure;
}
