import { AgosError, ERROR_CODES, type ErrorCode, type ErrorDetails } from '../../kernel/errors.ts';
import { errorCodes } from '../../runtime/database/error-codes.ts';
import { redactText } from '../../runtime/redact.ts';

export type ErrorEnvelope = {
  error: ErrorCode;
  message: string;
  details: ErrorDetails & { class: string };
  requestId: string;
  timestamp: string;
};

/** One sentence for all that is missing or hidden, so that an answer never tells which of both it is. */
const NOT_FOUND = 'There is nothing here, or nothing that you may see.';

/** PostgreSQL gave up on a statement or a lock within the limits that the kit sets. */
const GAVE_UP_CODES = new Set(['57014', '55P03', '25P03', '40001', '40P01']);

/** The error that a caller may see: unknown ones say nothing. */
export function toAgosError(error: unknown): AgosError {
  if (error instanceof AgosError) return error;
  if (errorCodes(error).some((code) => GAVE_UP_CODES.has(code))) {
    return new AgosError('database_unavailable', 'The database is too busy. Try again shortly.', {
      retryAfterSeconds: 2,
    });
  }
  return new AgosError(
    'internal_error',
    'Something went wrong on our side. Quote the request id when you ask.',
  );
}

/** The one shape of every error that the API answers with. */
export function errorResponse(error: AgosError, at: { requestId: string; now: Date }): Response {
  const { code, status } = error;
  const isMissing = code === 'not_found';
  const body: ErrorEnvelope = {
    error: code,
    message: isMissing ? NOT_FOUND : error.message,
    details: { class: ERROR_CODES[code].class, ...(isMissing || isHidden(code) ? {} : error.details) },
    requestId: at.requestId,
    timestamp: at.now.toISOString(),
  };
  const headers = new Headers({ 'content-type': 'application/json; charset=UTF-8' });
  if (error.details.retryAfterSeconds !== undefined) {
    headers.set('retry-after', String(error.details.retryAfterSeconds));
  }
  if (status === 401) headers.set('www-authenticate', 'Bearer');
  // The whole answer, since details repeat what the caller sent: a key given as a field's name, say.
  return new Response(redactText(JSON.stringify(body)), { status, headers });
}

/** What happened inside is for the log only. */
function isHidden(code: ErrorCode): boolean {
  return code === 'internal_error' || code === 'tenant_context_missing';
}
