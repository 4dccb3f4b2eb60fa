import { setTimeout as sleep } from 'node:timers/promises';
import { context, DiagLogLevel, diag, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  type IdGenerator,
  RandomIdGenerator,
} from '@opentelemetry/sdk-trace-base';
import type { Logger } from '../logger.ts';
import { toSpanContext } from './spans.ts';
import type { Tracing } from './telemetry.ts';

/** A receiver that does not answer may not hold up the end of a process. */
const LAST_SEND_MS = 3_000;

/** Starts OpenTelemetry's SDK; endpoint, headers, sampler and limits come from its standard variables. */
export function startSdk(process: 'api' | 'worker', logger: Logger): Tracing {
  listenToSdk(logger);
  const ids = givenIds();
  const provider = new BasicTracerProvider({
    idGenerator: ids,
    resource: resourceFromAttributes({ 'service.name': `agos-${process}` }).merge(
      detectResources({ detectors: [envDetector] }),
    ),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  // Neither provider nor propagator is everybody's: libraries would write spans of their own with it, and
  // send our places to strangers.
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const tracer = provider.getTracer('agos');
  return {
    tracer,
    record: ({ name, parent, spanId, startMs, endMs, attributes, failed }) => {
      const under = trace.setSpanContext(ROOT_CONTEXT, toSpanContext(parent));
      // As dates: a number from before this process began would be taken for one of its own clock.
      const startTime = new Date(startMs);
      const span = ids.give(spanId, () => tracer.startSpan(name, { startTime, attributes }, under));
      if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end(new Date(endMs));
    },
    close: async () => {
      await Promise.race([provider.shutdown(), sleep(LAST_SEND_MS, undefined, { ref: false })]);
    },
  };
}

/** Random ids, but for a span whose id was made elsewhere. */
function givenIds(): IdGenerator & { give<T>(spanId: string, start: () => T): T } {
  const random = new RandomIdGenerator();
  let given: string | null = null;
  return {
    generateTraceId: () => random.generateTraceId(),
    generateSpanId: () => given ?? random.generateSpanId(),
    give: (spanId, start) => {
      given = spanId;
      try {
        return start();
      } finally {
        given = null;
      }
    },
  };
}

/** A receiver that is away is a line in the log and nothing else. */
function listenToSdk(logger: Logger): void {
  const write =
    (level: 'warn' | 'error') =>
    (message: string): void =>
      logger[level]({ reason: message.slice(0, 300) }, 'traces');
  const silent = (): void => undefined;
  diag.setLogger(
    { error: write('error'), warn: write('warn'), info: silent, debug: silent, verbose: silent },
    DiagLogLevel.WARN,
  );
}
