import type { Config } from '../config.ts';
import type { Logger } from '../logger.ts';
import type { Tracing } from './telemetry.ts';

/**
 * Starts sending traces over OTLP where the standard variables name an endpoint; undefined where they do not.
 * The SDK is loaded then only: off costs nothing.
 */
export async function startTracing(
  config: Config,
  process: 'api' | 'worker',
  logger: Logger,
): Promise<Tracing | undefined> {
  const endpoint = config.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || config.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (!endpoint || config.OTEL_SDK_DISABLED === 'true') return undefined;
  const { startSdk } = await import('./sdk.ts');
  return startSdk(process, logger);
}
