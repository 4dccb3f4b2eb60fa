import { ApplicationFailure } from '@temporalio/workflow';
import type { ErrorCode } from '../../src/kernel/errors.ts';
import { failureTypeOf } from './failures.ts';

/** The failure with which a workflow refuses an update; the gateway turns it into an `AgosError` of that code. */
export function refusal(code: ErrorCode, message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, failureTypeOf(code));
}
