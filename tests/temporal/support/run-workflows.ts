import { condition, defineSignal, setHandler, workflowInfo } from '@temporalio/workflow';
import { proxyProfile } from '../../../workflows/lib/activity-profiles.ts';
import type { RunTestActivities } from './run-activities.ts';

export * from '../../../workflows/journal/index.ts';

/** Does what rooms do with their run: claims it first, ends it last, and works in between until told. */
export async function claiming(input: { tenant: string; run_id: string }): Promise<string> {
  const { claim, finish } = proxyProfile<RunTestActivities>('core');
  let ended = false;
  setHandler(defineSignal('end'), () => {
    ended = true;
  });
  setHandler(defineSignal<[{ reason: string | null }]>('cancel'), () => {
    ended = true;
  });
  if (!(await claim(input, workflowInfo().firstExecutionRunId))) return 'superseded';
  await condition(() => ended);
  await finish(input);
  return 'completed';
}
