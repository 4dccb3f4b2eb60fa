import { ERROR_CODES, type ErrorCode } from '../../src/kernel/errors.ts';
import type { AdmissionHoldCode, Hold, RunHoldCode, SiteHoldCode } from '../../src/kernel/holds.ts';
import { SITE_HOLD_CODES } from '../../src/kernel/holds.ts';

/** Types of the `ApplicationFailure`s that activities throw: dotted, stable, matched by workflows and the gateway. */
export const FAILURE_TYPES = {
  /** The site could not be scanned; details are `[hold]`. Never retried. */
  siteHold: 'agos.site_hold',
  /** The browser died while it had this site open; tried once more, then a `siteHold`. */
  browserCrashed: 'agos.browser_crashed',
  /** No fault: the attempt gave its slot to others and is due again soon. A history notes no attempts. */
  goesOn: 'agos.goes_on',
  /** Anything else went wrong; what exactly stands in the worker's log only. */
  unexpected: 'agos.unexpected',
} as const;

/** The failure type under which an error code crosses Temporal. */
export function failureTypeOf(code: ErrorCode): string {
  return `agos.${code}`;
}

/** The error code that a failure type names, when it names one. */
export function errorCodeOf(type: string | null | undefined): ErrorCode | undefined {
  const code = type?.startsWith('agos.') ? type.slice('agos.'.length) : '';
  return Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : undefined;
}

/** Codes whose cause passes by itself, so that an activity which meets one is tried again. */
const PASSING_CODES: ReadonlySet<ErrorCode> = new Set([
  'database_read_only',
  'database_unavailable',
  'temporal_unavailable',
  'storage_unavailable',
  'rate_limit_exceeded',
  'request_timeout',
  'idempotency_key_in_progress',
]);

/** Whether trying the same work again can end otherwise. */
export function isPassing(code: ErrorCode): boolean {
  return PASSING_CODES.has(code);
}

/** Failure types that no retry policy retries. */
export const NON_RETRYABLE_TYPES: string[] = [
  FAILURE_TYPES.siteHold,
  ...(Object.keys(ERROR_CODES) as ErrorCode[]).filter((code) => !isPassing(code)).map(failureTypeOf),
];

type FailureLike = {
  name?: unknown;
  type?: unknown;
  timeoutType?: unknown;
  details?: unknown;
  cause?: unknown;
  message?: unknown;
};

/** The first failure of a known `agos.` type among an error and its causes. */
export function findFailure(
  error: unknown,
): { type: string; message: string; details: unknown[] } | undefined {
  for (let at = error as FailureLike | undefined; at instanceof Error; at = at.cause as FailureLike) {
    const { type, details, message } = at as FailureLike;
    if (typeof type === 'string' && type.startsWith('agos.')) {
      return { type, message: String(message), details: Array.isArray(details) ? details : [] };
    }
  }
  return undefined;
}

/** The hold of work that a kill switch stopped, or whose tenant was suspended meanwhile. */
export function stopHoldOf(error: unknown): Hold<RunHoldCode | AdmissionHoldCode> | undefined {
  const failure = findFailure(error);
  const code = STOPS.find((one) => failure?.type === failureTypeOf(one));
  return failure && code && { code, message: failure.message };
}

const STOPS = ['kill_switch_on', 'tenant_suspended'] as const;

/** The hold of work that the budget had no room for, however often it asked. */
export function budgetHoldOf(error: unknown): Hold<AdmissionHoldCode> | undefined {
  if (findFailure(error)?.type !== failureTypeOf('budget_exceeded')) return undefined;
  const message = 'The budget had no room for this scan for weeks. Start it again when there is room.';
  return { code: 'budget_exceeded', message };
}

/** The hold of work whose workers went away in the middle of a step, each time that it was tried. */
export function workerHoldOf(error: unknown): Hold<RunHoldCode> | undefined {
  for (let at = error as FailureLike | undefined; at instanceof Error; at = at.cause as FailureLike) {
    const { name, timeoutType } = at as FailureLike;
    if (name === 'TimeoutFailure' && timeoutType === 'HEARTBEAT') return WORKER_LOST;
  }
  return undefined;
}

const WORKER_LOST: Hold<RunHoldCode> = {
  code: 'worker_lost',
  message: 'The workers that scanned this site went away at every try. Try again when they are well.',
};

/** The hold that an activity's failure asks for, when the fault is the site's. */
export function siteHoldOf(error: unknown): Hold<SiteHoldCode> | undefined {
  const failure = findFailure(error);
  if (failure?.type !== FAILURE_TYPES.siteHold) return undefined;
  const hold = failure.details[0] as Hold<SiteHoldCode> | undefined;
  return hold && SITE_HOLD_CODES.includes(hold.code) ? hold : undefined;
}
