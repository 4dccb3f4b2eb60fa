import type { LogLevel, Logger as TemporalLogger } from '@temporalio/worker';
import type { Logger } from '../src/runtime/logger.ts';

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** Writes Temporal's log lines, those of workflows and activities included, to the process's log. */
export function toTemporalLogger(log: Logger): TemporalLogger {
  const write = (level: LogLevel, message: string, meta: Record<string | symbol, unknown> = {}): void => {
    const { error, ...rest } = meta;
    log[LEVELS[level]]({ ...plain(rest), ...(error === undefined ? {} : { err: error }) }, message);
  };
  return {
    log: write,
    trace: (message, meta) => write('TRACE', message, meta),
    debug: (message, meta) => write('DEBUG', message, meta),
    info: (message, meta) => write('INFO', message, meta),
    warn: (message, meta) => write('WARN', message, meta),
    error: (message, meta) => write('ERROR', message, meta),
  };
}

/** Task tokens are long and opaque; symbols are for the SDK's own use. */
function plain(meta: Record<string | symbol, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(meta).filter(([name]) => name !== 'taskToken'));
}
