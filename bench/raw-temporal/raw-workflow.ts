import { proxyActivities } from '@temporalio/workflow';

const { step } = proxyActivities<{ step(run: string, number: number): Promise<void> }>({
  startToCloseTimeout: '30s',
});

/** Five activities in a row, each of which writes one row. */
export async function fiveRawSteps(run: string): Promise<void> {
  for (let number = 1; number <= 5; number += 1) await step(run, number);
}
