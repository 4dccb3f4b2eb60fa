import type { Client } from '@temporalio/client';
import pLimit from 'p-limit';
import type { FailingWorkflow } from '../src/control/alerts/runs-in-trouble.ts';
import { AgosError } from '../src/kernel/errors.ts';
import { callTemporal } from './call.ts';
import { createObserver } from './observer.ts';

/** The workflows behind runs are watched by the reconciler, which notes how often they have failed. */
const WITHOUT_RUNS = 'ExecutionStatus = "Running" AND AgosArea IN ("control", "journal")';
const AT_ONCE = 8;

/**
 * Open workflows that no run of ours stands for, such as those that deliver webhooks, whose own step has failed so
 * often in a row; null when Temporal does not answer.
 */
export async function readFailingWorkflows(
  client: Client,
  { failures }: { failures: number },
): Promise<FailingWorkflow[] | null> {
  const { observe } = createObserver(client);
  const limit = pLimit(AT_ONCE);
  try {
    const open = await callTemporal(client, () => listOpen(client));
    const looked = await limit.map(open, async ({ type, workflowId }) => {
      const seen = await observe(workflowId).catch(unlessAway);
      return seen && 'failures' in seen && seen.failures >= failures ? [{ type, workflowId }] : [];
    });
    return looked.flat();
  } catch (error) {
    return unlessAway(error);
  }
}

/** One that cannot be looked at in time is left out, until the next pass. */
function unlessAway(error: unknown): null {
  if (error instanceof AgosError && error.code === 'temporal_unavailable') return null;
  throw error;
}

async function listOpen(client: Client): Promise<FailingWorkflow[]> {
  const open: FailingWorkflow[] = [];
  for await (const { type, workflowId } of client.workflow.list({ query: WITHOUT_RUNS })) {
    open.push({ type, workflowId });
  }
  return open;
}
