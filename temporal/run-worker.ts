import { readConfig } from '../src/runtime/config.ts';
import { createLogger } from '../src/runtime/logger.ts';
import { createRegistry } from '../src/runtime/telemetry/registry.ts';
import { serveMetrics } from '../src/runtime/telemetry/serve-metrics.ts';
import type { Tracing } from '../src/runtime/telemetry/telemetry.ts';
import { startTracing } from '../src/runtime/telemetry/tracing.ts';
import { bufferCoreMetrics } from './core-metrics.ts';
import { installRuntime } from './runtime.ts';
import { type RunningWorker, startWorker, type WorkerOptions } from './worker.ts';

/** Is the worker process from start to end: SIGTERM and SIGINT drain it and exit 0; a crash exits 1. */
export async function runWorker(options: Pick<WorkerOptions, 'openScanner'> = {}): Promise<void> {
  const config = readConfig();
  const log = createLogger({ level: config.AGOS_LOG_LEVEL, name: 'worker' });
  const starting = new AbortController();
  const metricsAddress = config.AGOS_WORKER_METRICS_ADDRESS;
  const registry = metricsAddress ? createRegistry('worker') : undefined;
  let worker: RunningWorker | undefined;
  let closeMetrics: (() => Promise<void>) | undefined;
  let tracing: Tracing | undefined;

  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => {
      log.info({ signal: name }, 'shutting down');
      starting.abort();
      worker?.shutdown().catch(() => undefined);
    });
  }

  try {
    tracing = await startTracing(config, 'worker', log);
    installRuntime(log, registry && bufferCoreMetrics(registry));
    if (registry && metricsAddress) {
      const metrics = await serveMetrics(registry, metricsAddress);
      closeMetrics = metrics.close;
      log.info({ port: metrics.port }, 'metrics are served');
    }
    worker = await startWorker({ ...options, config, log, registry, tracing, signal: starting.signal });
    if (starting.signal.aborted) await worker.shutdown();
    await worker.done;
    log.info('worker has stopped');
  } catch (error) {
    if (!starting.signal.aborted || worker) {
      log.fatal({ err: error }, 'worker crashed');
      process.exitCode = 1;
    }
  } finally {
    await closeMetrics?.();
    await tracing?.close();
  }
}
