import { workflowInfo } from '@temporalio/workflow';
import { proxyProfile } from '../../workflows/lib/activity-profiles.ts';
import type { FiveStepsActivities, FiveStepsInput } from './our-parts.ts';

const working = proxyProfile<FiveStepsActivities>('core', 'Write one row');

/** The same five activities by our rules: the first claims the run, the last ends it. */
export async function fiveSteps(input: FiveStepsInput): Promise<void> {
  const { firstExecutionRunId } = workflowInfo();
  for (let number = 1; number <= 5; number += 1) await working.step(input, number, firstExecutionRunId);
}
