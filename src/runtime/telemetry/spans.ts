import {
  type Context,
  context,
  createContextKey,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanOptions,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { AgosError } from '../../kernel/errors.ts';
import { SiteHoldError } from '../../kernel/holds.ts';
import { formatTraceparent, parseTraceparent, type TracePlace } from '../../kernel/trace-place.ts';

/**
 * Does work in a span, which is what it calls is part of. Of a failure the span keeps its code or kind alone:
 * messages may carry pages, addresses and people's data. What a leaf does is no part of it, but of what it is in.
 */
export async function inSpan<T>(
  tracer: Tracer,
  name: string,
  options: SpanOptions & { under?: Context; isLeaf?: boolean },
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const { under = context.active(), isLeaf = false, ...about } = options;
  const span = tracer.startSpan(name, about, under);
  try {
    return await context.with(isLeaf ? under : trace.setSpan(under, span), () => work(span));
  } catch (error) {
    const answer = answerOf(error);
    span.setAttribute('error.type', answer ?? nameOf(error));
    if (answer === null) span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}

/** The code of an error that is an answer and no fault of ours, or null. */
function answerOf(error: unknown): string | null {
  if (error instanceof SiteHoldError) return error.hold.code;
  if (error instanceof AgosError) return error.status < 500 ? error.code : null;
  // What became of such an answer on its way into Temporal.
  return error instanceof Error && 'category' in error && error.category === 'BENIGN' ? nameOf(error) : null;
}

function nameOf(error: unknown): string {
  if (error instanceof AgosError) return error.code;
  if (!(error instanceof Error)) return 'unknown';
  return 'type' in error && typeof error.type === 'string' ? error.type : error.name;
}

/** Where the code that asks is being traced, to be stored or sent along; null when it is not. */
export function currentTraceparent(): string | null {
  const here = trace.getActiveSpan()?.spanContext();
  return here ? formatTraceparent(toPlace(here)) : null;
}

const STARTED_BY = createContextKey('agos: what begins work of another trace');

/**
 * Does work in the trace in which it was asked for, or in one of its own: who carries it out now, such as a
 * Schedule's pass, is linked and no parent.
 */
export function inTraceOf<T>(traceparent: string | null, work: () => Promise<T>): Promise<T> {
  const here = trace.getActiveSpan()?.spanContext();
  const asked = parseTraceparent(traceparent);
  if (asked && asked.traceId === here?.traceId) return work();
  const there = asked ? trace.setSpanContext(ROOT_CONTEXT, toSpanContext(asked)) : ROOT_CONTEXT;
  return context.with(here ? there.setValue(STARTED_BY, here) : there, work);
}

/** Links of a span that `inTraceOf` has taken to another trace. */
export function linksHere(): { context: SpanContext }[] {
  const by = context.active().getValue(STARTED_BY) as SpanContext | undefined;
  return by ? [{ context: by }] : [];
}

/** A place that came from elsewhere, as a parent or a link. */
export function toSpanContext({ traceId, spanId, sampled }: TracePlace): SpanContext {
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return { traceId, spanId, traceFlags, isRemote: true };
}

const toPlace = ({ traceId, spanId, traceFlags }: SpanContext): TracePlace => ({
  traceId,
  spanId,
  sampled: (traceFlags & TraceFlags.SAMPLED) !== 0,
});
