import {
  ContinueAsNew,
  isCancellation,
  proxySinks,
  type Sinks,
  type WorkflowInterceptors,
  workflowInfo,
} from '@temporalio/workflow';
import type { TracePlace } from '../../src/kernel/trace-place.ts';
import { placeIn, withPlace } from './trace-header.ts';

/** How a workflow ended, told to its worker once, never while it replays. */
export type EndedWorkflow = {
  parent: TracePlace;
  spanId: string;
  workflowType: string;
  runId: string;
  startMs: number;
  endMs: number;
  outcome: 'completed' | 'failed' | 'cancelled' | 'continued';
};

export interface TraceSinks extends Sinks {
  tracing: { ended(workflow: EndedWorkflow): void };
}

/**
 * Takes the trace in which a workflow was asked for to its activities and to what follows it. A workflow
 * without one is left as it is, so histories from before replay as they were.
 */
export function interceptors(): WorkflowInterceptors {
  let own: TracePlace | null = null;
  const passOn = <Input extends { headers: Parameters<typeof withPlace>[0] }>(input: Input): Input => ({
    ...input,
    headers: withPlace(input.headers, own),
  });
  return {
    inbound: [
      {
        execute: async (input, next) => {
          const parent = placeIn(input.headers);
          if (!parent) return next(input);
          own = { ...parent, spanId: spanIdOf(workflowInfo().runId) };
          return untilEnd(parent, own, () => next(input));
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) => next(passOn(input)),
        startChildWorkflowExecution: (input, next) => next(passOn(input)),
        continueAsNew: (input, next) => next(passOn(input)),
        getLogAttributes: (input, next) =>
          next(own ? { ...input, trace_id: own.traceId, span_id: own.spanId } : input),
      },
    ],
  };
}

async function untilEnd(parent: TracePlace, own: TracePlace, run: () => Promise<unknown>): Promise<unknown> {
  const { workflowType, runId, startTime } = workflowInfo();
  const ended = (outcome: EndedWorkflow['outcome']): void => {
    if (!own.sampled) return;
    const times = { startMs: startTime.getTime(), endMs: Date.now() };
    const { tracing } = proxySinks<TraceSinks>();
    tracing.ended({ parent, spanId: own.spanId, workflowType, runId, ...times, outcome });
  };
  try {
    const result = await run();
    ended('completed');
    return result;
  } catch (error) {
    ended(error instanceof ContinueAsNew ? 'continued' : isCancellation(error) ? 'cancelled' : 'failed');
    throw error;
  }
}

/** The same at every replay; the random end of the id, since runs of one moment begin alike. */
function spanIdOf(runId: string): string {
  return runId.replaceAll('-', '').slice(-16);
}
