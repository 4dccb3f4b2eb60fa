import { proxyActivities } from '@temporalio/workflow';

/** The queue of those activities that have one of their own, as ours have. */
export const ACTIVITY_QUEUE = 'raw-activities';

type Activities = { step(run: string, number: number): Promise<void> };

const onSameQueue = proxyActivities<Activities>({ startToCloseTimeout: '30s' });
const onTheirOwn = proxyActivities<Activities>({ startToCloseTimeout: '30s', taskQueue: ACTIVITY_QUEUE });

/** Five activities in a row, each of which writes one row. */
export async function fiveRawSteps(run: string, queues: 'one' | 'two'): Promise<void> {
  const { step } = queues === 'one' ? onSameQueue : onTheirOwn;
  for (let number = 1; number <= 5; number += 1) await step(run, number);
}
