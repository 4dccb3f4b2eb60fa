import { type MetricsBuffer, Runtime } from '@temporalio/worker';
import type { Logger } from '../src/runtime/logger.ts';
import { toTemporalLogger } from './logger.ts';

/**
 * Sets up Temporal's native runtime: call it once in a process, before the first worker. Signals stay
 * with the process, which shuts its workers down and then what they use. Temporal's own metrics go into the
 * buffer, where there is one.
 */
export function installRuntime(log: Logger, metrics?: MetricsBuffer): void {
  Runtime.install({
    logger: toTemporalLogger(log),
    shutdownSignals: [],
    ...(metrics && { telemetryOptions: { metrics: { buffer: metrics } } }),
  });
}
