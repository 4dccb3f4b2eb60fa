import { activityInfo } from '@temporalio/activity';
import type { TemporalRun } from '../src/journal/runs/repository.ts';

/** The Temporal run that this activity belongs to; a workflow of before it told its first one is its own first. */
export function temporalRun(firstRunId: string | undefined): TemporalRun {
  const temporalRunId = activityInfo().workflowExecution?.runId ?? '';
  return { temporalRunId, firstTemporalRunId: firstRunId ?? temporalRunId };
}
