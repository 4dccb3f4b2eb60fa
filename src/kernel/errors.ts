/** The six error classes of the API (seed 001, "Common Error Codes"). */
export type ErrorClass =
  | 'invalid_request'
  | 'authentication_failed'
  | 'permission_denied'
  | 'resource_not_found'
  | 'rate_limit_exceeded'
  | 'internal_error';

type CodeEntry = { class: ErrorClass; status: number };

const invalid = (status: number): CodeEntry => ({ class: 'invalid_request', status });

/** Every error code the API may answer with: the closed list, one class and one HTTP status each. */
export const ERROR_CODES = {
  invalid_json: invalid(400),
  invalid_request: invalid(400),
  idempotency_key_invalid: invalid(400),
  token_invalid: { class: 'authentication_failed', status: 401 },
  token_missing: { class: 'authentication_failed', status: 401 },
  subscription_inactive: { class: 'permission_denied', status: 402 },
  credits_exhausted: { class: 'permission_denied', status: 402 },
  permission_denied: { class: 'permission_denied', status: 403 },
  tenant_suspended: { class: 'permission_denied', status: 403 },
  ticket_required: { class: 'permission_denied', status: 403 },
  not_found: { class: 'resource_not_found', status: 404 },
  method_not_allowed: invalid(405),
  request_timeout: invalid(408),
  lead_exists: invalid(409),
  conflict: invalid(409),
  already_decided: invalid(409),
  not_awaiting: invalid(409),
  run_ended: invalid(409),
  idempotency_key_mismatch: invalid(409),
  idempotency_key_in_progress: invalid(409),
  last_owner: invalid(409),
  event_cursor_expired: invalid(410),
  version_mismatch: invalid(412),
  body_too_large: invalid(413),
  unsupported_media_type: invalid(415),
  unknown_field: invalid(422),
  validation_failed: invalid(422),
  invalid_text: invalid(422),
  identifier_invalid: invalid(422),
  page_invalid: invalid(422),
  cursor_invalid: invalid(422),
  sort_not_allowed: invalid(422),
  query_too_long: invalid(422),
  status_transition_invalid: invalid(422),
  decision_not_allowed: invalid(422),
  csv_invalid: invalid(422),
  too_many_lines: invalid(422),
  url_invalid: invalid(422),
  url_scheme_not_allowed: invalid(422),
  url_target_forbidden: invalid(422),
  url_credentials_not_allowed: invalid(422),
  url_port_not_allowed: invalid(422),
  version_required: invalid(428),
  rate_limit_exceeded: { class: 'rate_limit_exceeded', status: 429 },
  budget_exceeded: { class: 'rate_limit_exceeded', status: 429 },
  quota_exceeded: { class: 'rate_limit_exceeded', status: 429 },
  not_implemented: { class: 'internal_error', status: 501 },
  internal_error: { class: 'internal_error', status: 500 },
  file_damaged: { class: 'internal_error', status: 500 },
  tenant_context_missing: { class: 'internal_error', status: 500 },
  kill_switch_on: { class: 'internal_error', status: 503 },
  temporal_unavailable: { class: 'internal_error', status: 503 },
  identity_provider_unavailable: { class: 'internal_error', status: 503 },
  database_read_only: { class: 'internal_error', status: 503 },
  database_unavailable: { class: 'internal_error', status: 503 },
  server_busy: { class: 'internal_error', status: 503 },
  storage_unavailable: { class: 'internal_error', status: 503 },
} as const satisfies Record<string, CodeEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;

export type ErrorDetails = {
  /** Path of the offending field, dotted, when one field is to blame. */
  field?: string;
  /** One entry for each problem when several fields are to blame: the first ones, where there are many. */
  issues?: { field: string; code: ErrorCode; message: string }[];
  /** How many problems `issues` leaves out. */
  more_issues?: number;
  retryAfterSeconds?: number;
  [name: string]: unknown;
};

/** An error that a caller may see: a code of the closed list and a sentence that says what to do. */
export class AgosError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message);
    this.name = 'AgosError';
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return ERROR_CODES[this.code].status;
  }

  get class(): ErrorClass {
    return ERROR_CODES[this.code].class;
  }
}

/** Fails a switch that must be exhaustive, at compile time and at run time. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`);
}
