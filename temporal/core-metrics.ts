import { type BufferedMetricUpdate, MetricsBuffer } from '@temporalio/worker';
import { Counter, Gauge, Histogram } from 'prom-client';
import { type Registry, WORK_SECONDS } from '../src/runtime/telemetry/registry.ts';

/** What Temporal's own metrics are told apart by; everything else is left out, so that series stay few. */
const LABELS = [
  'namespace',
  'task_queue',
  'workflow_type',
  'activity_type',
  'worker_type',
  'poller_type',
  'operation',
  'status_code',
  'failure_reason',
] as const;

type Labels = Partial<Record<(typeof LABELS)[number], string>>;
type Sink = (labels: Labels, value: number) => void;

/** The buffer drops what does not fit into it. */
const DRAIN_EVERY_MS = 1_000;
const BUFFER_SIZE = 50_000;

/** Takes Temporal's own metrics from `Runtime.install` into the process's registry, for as long as the process lives. */
export function bufferCoreMetrics(registry: Registry): MetricsBuffer {
  const buffer = new MetricsBuffer({ maxBufferSize: BUFFER_SIZE, useSecondsForDurations: true });
  const sinks = new Map<string, Sink>();
  const drain = (): void => {
    for (const { metric, value, attributes } of buffer.retrieveUpdates()) {
      const sink = sinks.get(metric.name) ?? sinkOf(metric, registry);
      sinks.set(metric.name, sink);
      sink(labelsOf(attributes), value);
    }
  };
  setInterval(drain, DRAIN_EVERY_MS).unref();
  return buffer;
}

function labelsOf(attributes: BufferedMetricUpdate['attributes']): Labels {
  return Object.fromEntries(
    LABELS.flatMap((name) => (attributes[name] === undefined ? [] : [[name, String(attributes[name])]])),
  );
}

/** Named as Temporal's own Prometheus exporter names them with units and totals. */
function sinkOf({ name, kind, unit, description }: BufferedMetricUpdate['metric'], registry: Registry): Sink {
  const isTime = unit === 's' || unit === 'ms';
  const fullName = `${name}${isTime ? '_seconds' : ''}${kind === 'counter' ? '_total' : ''}`;
  const about = {
    name: fullName,
    help: description || `Temporal's ${name}.`,
    labelNames: LABELS,
    registers: [registry],
  };
  if (kind === 'counter') {
    const counter = new Counter(about);
    return (labels, value) => counter.inc(labels, value);
  }
  if (kind === 'histogram') {
    const histogram = new Histogram({ ...about, buckets: WORK_SECONDS });
    return (labels, value) => histogram.observe(labels, value);
  }
  const gauge = new Gauge(about);
  if (kind === 'up-down-counter') return (labels, value) => gauge.inc(labels, value);
  return (labels, value) => gauge.set(labels, value);
}
