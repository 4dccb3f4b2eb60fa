import { readConfig } from '../runtime/config.ts';
import { createLogger } from '../runtime/logger.ts';
import { startTracing } from '../runtime/telemetry/tracing.ts';
import { startServer } from './start-server.ts';

/** The API as a process: SIGTERM and SIGINT let running requests end and exit 0; a failed start exits 1. */
const config = readConfig();
const logger = createLogger({ level: config.AGOS_LOG_LEVEL, name: 'api' });

try {
  const tracing = await startTracing(config, 'api', logger);
  const server = await startServer({ config, logger, tracer: tracing?.tracer });
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => {
      logger.info({ signal: name }, 'shutting down');
      server
        .close()
        .finally(() => tracing?.close())
        .then(
          () => logger.info('API has stopped'),
          (error: unknown) => {
            logger.error({ err: error }, 'the API did not stop cleanly');
            process.exitCode = 1;
          },
        );
    });
  }
} catch (error) {
  logger.fatal({ err: error }, 'the API could not start');
  process.exitCode = 1;
}
