import { readFile } from 'node:fs/promises';
import type { Config } from '../src/runtime/config.ts';
import type { Logger } from '../src/runtime/logger.ts';
import type { Registry } from '../src/runtime/telemetry/registry.ts';
import type { Tracing } from '../src/runtime/telemetry/telemetry.ts';
import { bundleFile, bundleWorkflows } from './bundle.ts';
import { createDataConverter } from './codec/data-converter.ts';
import { compose } from './compose.ts';
import { openClient, readTemporalTarget, type TemporalTarget } from './connection.ts';
import { observeActivities } from './observe-activities.ts';
import { parseQueues } from './queues.ts';
import { connectWhenReady, whenServed } from './ready.ts';
import { type ComposeScanner, composeScanner } from './scanner.ts';
import { ensureSchedules, SCHEDULE_INTERVALS, type ScheduleIntervals } from './schedules.ts';
import { traceActivities } from './trace-work.ts';
import { startWorkers } from './workers.ts';

export type WorkerOptions = {
  config: Config;
  log: Logger;
  /** Where Temporal is; without it the standard environment variables say so. */
  target?: TemporalTarget;
  intervals?: ScheduleIntervals;
  /** What opens sites: our own scanner, but where a test has hundreds of sites and two cores. */
  openScanner?: ComposeScanner;
  /** Takes the metrics of this process; absent where nobody reads them. */
  registry?: Registry | undefined;
  /** Takes its traces; absent where they are sent nowhere. */
  tracing?: Tracing | undefined;
  /** Ends the wait for Temporal at the start. */
  signal?: AbortSignal;
};

export type RunningWorker = {
  /** Ends when the worker has stopped and closed what it used; fails when it crashed. */
  done: Promise<void>;
  /** Lets running work end, then closes what it used. */
  shutdown(): Promise<void>;
};

/** Most activities end by themselves in this time after SIGTERM; the others are cancelled then. */
export const SHUTDOWN_GRACE_MS = 10_000;

/** Starts the worker process: waits for Temporal, then serves its queues until it is shut down. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { config, log, registry, tracing } = options;
  const tracer = tracing?.tracer;
  const queues = parseQueues(config.AGOS_QUEUES);
  const target = options.target ?? readTemporalTarget();
  const dataConverter = createDataConverter(config.AGOS_PAYLOAD_KEYS);
  const bundle = queues.includes('workflows') ? await loadBundle(config) : undefined;
  const signal = options.signal ?? new AbortController().signal;
  const connection = await connectWhenReady(target, log, signal);
  const client = openClient(target, dataConverter, tracer);
  const parts = compose(config, client, options.openScanner ?? composeScanner, { registry, tracer });
  const close = async (): Promise<void> => {
    await parts.close();
    await client.connection.close();
    await connection.close();
  };
  try {
    await whenServed(() => ensureSchedules(client, options.intervals ?? SCHEDULE_INTERVALS), log, signal);
    const workers = await startWorkers({
      connection,
      namespace: target.namespace,
      dataConverter,
      bundle,
      activities: parts.activities,
      queues,
      version: versionOf(config),
      shutdownGraceMs: SHUTDOWN_GRACE_MS,
      observers: [
        ...(tracer ? [traceActivities(tracer)] : []),
        ...(registry ? [observeActivities(registry)] : []),
      ],
      tracing,
      report: (error, about) => log.error({ ...about, err: error }, 'an activity failed unexpectedly'),
    });
    if (queues.includes('outbound')) parts.listen(log);
    const done = thenClose(workers.done, close);
    done.catch(() => undefined);
    log.info({ queues, namespace: target.namespace, build: config.AGOS_BUILD_ID }, 'worker is serving');
    return { done, shutdown: () => workers.shutdown().then(() => done) };
  } catch (error) {
    await close();
    throw error;
  }
}

async function thenClose(running: Promise<void>, close: () => Promise<void>): Promise<void> {
  try {
    await running;
  } finally {
    await close();
  }
}

function versionOf({ AGOS_DEPLOYMENT: deploymentName, AGOS_BUILD_ID: buildId }: Config) {
  return deploymentName && buildId ? { deploymentName, buildId } : undefined;
}

/** Production runs what the build left; only development bundles at the start. */
async function loadBundle(config: Config): Promise<{ code: string }> {
  const encrypted = config.AGOS_PAYLOAD_KEYS !== undefined;
  if (config.AGOS_ENV === 'development') return bundleWorkflows({ encrypted });
  const file = bundleFile(encrypted);
  try {
    return { code: await readFile(file, 'utf8') };
  } catch {
    throw new Error(`The workflow bundle ${file} is missing: run \`npm run build\` first.`);
  }
}
