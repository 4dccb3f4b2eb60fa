import { type Attributes, ROOT_CONTEXT, SpanKind, type Tracer, trace } from '@opentelemetry/api';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import type { ActivityInterceptorsFactory, InjectedSinks } from '@temporalio/worker';
import { parseTraceparent } from '../src/kernel/trace-place.ts';
import { currentTraceparent, inSpan, linksHere, toSpanContext } from '../src/runtime/telemetry/spans.ts';
import type { Tracing } from '../src/runtime/telemetry/telemetry.ts';
import { withoutTransactionSpans } from '../src/runtime/telemetry/trace-database.ts';
import { placeIn, withPlace } from '../workflows/lib/trace-header.ts';
import type { TraceSinks } from '../workflows/lib/trace-interceptor.ts';

/** Sends the trace along when a workflow is started. */
export function traceStarts(tracer: Tracer): WorkflowClientInterceptor {
  return {
    startWithDetails: (input, next) =>
      inSpan(
        tracer,
        `start ${input.workflowType}`,
        { kind: SpanKind.PRODUCER, links: linksHere() },
        async () =>
          next({ ...input, headers: withPlace(input.headers, parseTraceparent(currentTraceparent())) }),
      ),
  };
}

/** Each attempt at an activity of a traced workflow is a span; an import's many transactions have none. */
export function traceActivities(tracer: Tracer): ActivityInterceptorsFactory {
  return ({ info }) => ({
    inbound: {
      execute: (input, next) => {
        const parent = placeIn(input.headers);
        if (!parent) return next(input);
        const under = trace.setSpanContext(ROOT_CONTEXT, toSpanContext(parent));
        const attributes: Attributes = {
          'temporal.run_id': info.workflowExecution?.runId ?? '',
          'temporal.activity_id': info.activityId,
          'temporal.attempt': info.attempt,
          'temporal.task_queue': info.taskQueue,
        };
        const about = { kind: SpanKind.CONSUMER, attributes, under };
        return inSpan(tracer, `activity ${info.activityType}`, about, () =>
          info.taskQueue === 'imports' ? withoutTransactionSpans(() => next(input)) : next(input),
        );
      },
    },
  });
}

/** Takes the spans of workflows; without tracing they fall on the floor, since a missing sink is an error. */
export function traceSinks(tracing: Tracing | undefined): InjectedSinks<TraceSinks> {
  return {
    tracing: {
      ended: {
        fn: (_info, { workflowType, runId, outcome, ...span }) =>
          tracing?.record({
            ...span,
            name: `workflow ${workflowType}`,
            attributes: { 'temporal.run_id': runId, 'temporal.outcome': outcome },
            failed: outcome === 'failed',
          }),
        callDuringReplay: false,
      },
    },
  };
}
