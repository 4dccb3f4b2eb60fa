import type { Tracer } from '@opentelemetry/api';
import type { Registry } from 'prom-client';
import type { TracePlace } from '../../kernel/trace-place.ts';

/** What a process tells about itself; each part is absent where the settings leave it off. */
export type Telemetry = { registry?: Registry | undefined; tracer?: Tracer | undefined };

/** A span that was measured elsewhere: its id and times are given. */
export type MeasuredSpan = {
  name: string;
  parent: TracePlace;
  spanId: string;
  startMs: number;
  endMs: number;
  attributes: Record<string, string>;
  failed: boolean;
};

/** Traces of one process. */
export type Tracing = {
  tracer: Tracer;
  record(span: MeasuredSpan): void;
  /** Sends what is left, within seconds. */
  close(): Promise<void>;
};
