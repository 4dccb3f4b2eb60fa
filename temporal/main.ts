import { readConfig } from '../src/runtime/config.ts';
import { createLogger } from '../src/runtime/logger.ts';
import { installRuntime } from './runtime.ts';
import { type RunningWorker, startWorker } from './worker.ts';

/** The worker as a process: SIGTERM and SIGINT drain it and exit 0; a crash exits 1. */
const config = readConfig();
const log = createLogger({ level: config.AGOS_LOG_LEVEL, name: 'worker' });
const starting = new AbortController();
let worker: RunningWorker | undefined;

for (const name of ['SIGTERM', 'SIGINT'] as const) {
  process.once(name, () => {
    log.info({ signal: name }, 'shutting down');
    starting.abort();
    worker?.shutdown().catch(() => undefined);
  });
}

try {
  installRuntime(log);
  worker = await startWorker({ config, log, signal: starting.signal });
  if (starting.signal.aborted) await worker.shutdown();
  await worker.done;
  log.info('worker has stopped');
} catch (error) {
  if (!starting.signal.aborted || worker) {
    log.fatal({ err: error }, 'worker crashed');
    process.exitCode = 1;
  }
}
