import { trace } from '@opentelemetry/api';
import { type DestinationStream, type Logger, pino } from 'pino';
import { quotedOf } from './error-message.ts';
import { redactText } from './redact.ts';

export type { Logger } from 'pino';

const SECRET_FIELDS = ['authorization', 'cookie', 'key', 'secret', 'token', 'password', 'ticket', 'hash'];

/** The process's logger: JSON lines on standard output, without secrets wherever they stand in a line. */
export function createLogger(
  options: { level: 'debug' | 'info' | 'warn' | 'error' | 'silent'; name?: string },
  destination?: DestinationStream,
): Logger {
  const settings = {
    level: options.level,
    ...(options.name !== undefined && { name: options.name }),
    redact: {
      paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
      censor: '[redacted]',
    },
    serializers: { err: describeError },
    mixin: placeInTrace,
    // Messages of foreign errors carry secrets too: the finished line is searched.
    hooks: { streamWrite: redactText },
  };
  return destination ? pino(settings, destination) : pino(settings);
}

/** Lets a line be found from its trace, and the trace from the line; nothing where nothing is traced. */
function placeInTrace(): Record<string, string> {
  const here = trace.getActiveSpan()?.spanContext();
  return here ? { trace_id: here.traceId, span_id: here.spanId } : {};
}

function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: quotedOf(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const message = quotedOf(error);
  return {
    type: error.name,
    message,
    ...(code !== undefined && { code }),
    stack: error.stack?.replace(error.message, message),
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}
