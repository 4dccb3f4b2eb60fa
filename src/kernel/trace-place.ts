/** Where in which trace something was asked for: what W3C's `traceparent` carries. */
export type TracePlace = { traceId: string; spanId: string; sampled: boolean };

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Reads a `traceparent` of version 00; null for anything else, so that a stranger's header does no harm. */
export function parseTraceparent(text: unknown): TracePlace | null {
  const match = typeof text === 'string' ? TRACEPARENT.exec(text) : null;
  if (!match) return null;
  const [, traceId = '', spanId = '', flags = ''] = match;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** Writes a place as `traceparent`. */
export function formatTraceparent({ traceId, spanId, sampled }: TracePlace): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}
