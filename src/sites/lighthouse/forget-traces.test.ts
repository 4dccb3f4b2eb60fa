import { createRequire } from 'node:module';
import { stackTraceForEventInTrace } from '@paulirish/trace_engine/models/trace/extras/StackTraceForEvent.js';
import { expect, test } from 'vitest';
import { forgetTraces } from './forget-traces.ts';

test('what Lighthouse keeps is what we forget: there is one package, not two versions of it', () => {
  const engine = '@paulirish/trace_engine/models/trace/extras/StackTraceForEvent.js';
  const of = (file: string) => createRequire(file).resolve(engine);
  expect(of(createRequire(import.meta.url).resolve('lighthouse'))).toBe(of(import.meta.url));
});

// sabotage: src/sites/lighthouse/forget-traces.ts :: stackTraceForEventInTrace.clear(); =>
test('nothing of a trace is kept', () => {
  type Trace = Parameters<typeof stackTraceForEventInTrace.set>[0];
  stackTraceForEventInTrace.set({} as Trace, new Map());
  forgetTraces();
  expect(stackTraceForEventInTrace.size).toBe(0);
});
