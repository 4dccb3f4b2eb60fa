import { defaultPayloadConverter, type Headers } from '@temporalio/common';
import { formatTraceparent, parseTraceparent, type TracePlace } from '../../src/kernel/trace-place.ts';

/** The header in which Temporal's own tracing carries its places, so that clients of others join too. */
const TRACE_HEADER = '_tracer-data';

/** Where a workflow or an activity was asked for, or null. */
export function placeIn(headers: Headers): TracePlace | null {
  const payload = headers[TRACE_HEADER];
  if (!payload) return null;
  const carried = defaultPayloadConverter.fromPayload<{ traceparent?: unknown } | null>(payload);
  return parseTraceparent(carried?.traceparent);
}

/** The same headers, with a place in them. */
export function withPlace(headers: Headers, place: TracePlace | null): Headers {
  if (!place) return headers;
  const payload = defaultPayloadConverter.toPayload({ traceparent: formatTraceparent(place) });
  return { ...headers, [TRACE_HEADER]: payload };
}
