import { type Client, type WorkflowExecutionStatusName, WorkflowNotFoundError } from '@temporalio/client';
import { callTemporal } from './call.ts';
import type { Observation, RunObserver } from './gateway-type.ts';

/**
 * After this many failures in a row only a person can help: the code or a payload key is wrong. With the
 * server's growing pauses they take over six minutes, and a bad deploy that is rolled back sooner ends no run.
 */
const STUCK_AFTER_FAILURES = 10;

type EndedState = Exclude<Observation['state'], 'open' | 'stuck' | 'not_found'>;

const ENDED: Partial<Record<WorkflowExecutionStatusName, EndedState>> = {
  COMPLETED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timed_out',
};

/** Asks the server about the newest run of a workflow id, so that a reset one counts as alive. */
export function createObserver(client: Client, options: { stuckAfterFailures?: number } = {}): RunObserver {
  const { stuckAfterFailures = STUCK_AFTER_FAILURES } = options;
  const onWorkflow = async <T>(call: () => Promise<T>, missing: T): Promise<T> => {
    try {
      return await callTemporal(client, call);
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return missing;
      throw error;
    }
  };
  return {
    observe: (workflowId) =>
      onWorkflow<Observation>(
        async () => {
          const found = await client.workflow.getHandle(workflowId).describe();
          const ended = ENDED[found.status.name];
          if (ended) return { state: ended };
          // The attempt that runs or waits now has not failed yet.
          const failures = (found.raw.pendingWorkflowTask?.attempt ?? 1) - 1;
          const state = failures >= stuckAfterFailures ? 'stuck' : 'open';
          return { state, temporalRunId: found.runId, failures };
        },
        { state: 'not_found' },
      ),
    terminate: ({ workflowId, temporalRunId }, reason) =>
      onWorkflow(async () => {
        await client.workflow.getHandle(workflowId, temporalRunId).terminate(reason);
      }, undefined),
  };
}
