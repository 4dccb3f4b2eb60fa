import type { Client } from '@temporalio/client';
import { isGrpcServiceError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { AgosError } from '../src/kernel/errors.ts';

/** Below the two seconds that callers are promised, with time left to answer. */
export const CALL_DEADLINE_MS = 1_500;

/**
 * gRPC statuses with which a server that is down, starting or overloaded answers, or that no answer leaves;
 * 9 (FAILED_PRECONDITION) says that no worker has asked for the workflow's tasks lately, or that they fail.
 */
const UNAVAILABLE_STATUSES: ReadonlySet<number> = new Set([1, 4, 8, 9, 14]);

/** Calls Temporal within a deadline; a server that does not answer becomes `temporal_unavailable`. */
export async function callTemporal<T>(
  client: Client,
  call: () => Promise<T>,
  deadlineMs: number = CALL_DEADLINE_MS,
): Promise<T> {
  try {
    return await client.withDeadline(Date.now() + deadlineMs, call);
  } catch (error) {
    throw isUnavailable(error) ? unavailable() : error;
  }
}

function unavailable(): AgosError {
  return new AgosError(
    'temporal_unavailable',
    'The workflow engine or its workers do not answer. Try again shortly.',
    {
      retryAfterSeconds: 5,
    },
  );
}

function isUnavailable(error: unknown): boolean {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (isGrpcServiceError(at)) return UNAVAILABLE_STATUSES.has(at.code);
  }
  return false;
}
