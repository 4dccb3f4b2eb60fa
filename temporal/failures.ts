import { ApplicationFailure, CancelledFailure, CompleteAsyncError } from '@temporalio/activity';
import { AgosError } from '../src/kernel/errors.ts';
import { SiteHoldError } from '../src/kernel/holds.ts';
import { redactText } from '../src/runtime/redact.ts';
import { FAILURE_TYPES, failureTypeOf, isPassing } from '../workflows/lib/failures.ts';

/** Work that fails for an unknown reason this many times is given up; known passing causes have their own limits. */
const UNEXPECTED_ATTEMPTS = 5;

/** A site that is down or a refused decision is a result: it belongs in the run, not among the log's warnings. */
const EXPECTED = 'BENIGN';

/** Carries an error of an activity whose attempts are no failures, so that their number gives nothing up. */
export class TriedLonger extends Error {
  override name = 'TriedLonger';
}

/** Ends an attempt that has not failed and is not done: its slot is free for others until it is due again. */
export function goesOn(message: string, afterMs: number): ApplicationFailure {
  return ApplicationFailure.create({
    type: FAILURE_TYPES.goesOn,
    message,
    nextRetryDelay: afterMs,
    category: EXPECTED,
  });
}

/**
 * What an activity's error becomes when it crosses into Temporal: the one place that decides what is
 * tried again. Messages of unknown errors stay behind, since they may carry queries, addresses or secrets.
 */
export function toFailure(error: unknown, attempt: number): Error {
  if (error instanceof TriedLonger) return toFailure(error.cause, 1);
  if (isTemporalsOwn(error)) return error;
  if (error instanceof SiteHoldError) return fromSiteHold(error, attempt);
  if (error instanceof AgosError && error.code !== 'internal_error') return fromAgosError(error);
  const name = error instanceof Error ? error.name : typeof error;
  return ApplicationFailure.create({
    type: FAILURE_TYPES.unexpected,
    message: `The activity failed unexpectedly (${name}); the worker's log says more.`,
    nonRetryable: attempt >= UNEXPECTED_ATTEMPTS,
  });
}

function isTemporalsOwn(error: unknown): error is Error {
  return (
    error instanceof ApplicationFailure ||
    error instanceof CancelledFailure ||
    error instanceof CompleteAsyncError
  );
}

/** A browser that died may have been killed by another site's page, so the site gets a second chance. */
function fromSiteHold(error: SiteHoldError, attempt: number): ApplicationFailure {
  // A site writes addresses into it, some with a key in their query; from here it goes to people.
  const message = redactText(error.message);
  if (error.hold.code === 'browser_crashed' && attempt === 1) {
    return ApplicationFailure.retryable(message, FAILURE_TYPES.browserCrashed);
  }
  return ApplicationFailure.create({
    type: FAILURE_TYPES.siteHold,
    message,
    details: [{ ...error.hold, message }],
    nonRetryable: true,
    category: EXPECTED,
  });
}

function fromAgosError(error: AgosError): ApplicationFailure {
  const { retryAfterSeconds } = error.details;
  return ApplicationFailure.create({
    type: failureTypeOf(error.code),
    message: error.message,
    details: [error.details],
    ...(isPassing(error.code) ? {} : { nonRetryable: true, category: EXPECTED }),
    ...(retryAfterSeconds === undefined ? {} : { nextRetryDelay: retryAfterSeconds * 1_000 }),
  });
}
