import { Runtime } from '@temporalio/worker';
import type { Logger } from '../src/runtime/logger.ts';
import { toTemporalLogger } from './logger.ts';

/**
 * Sets up Temporal's native runtime: call it once in a process, before the first worker. Signals stay
 * with the process, which shuts its workers down and then what they use.
 */
export function installRuntime(log: Logger): void {
  Runtime.install({ logger: toTemporalLogger(log), shutdownSignals: [] });
}
