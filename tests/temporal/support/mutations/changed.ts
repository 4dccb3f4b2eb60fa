import { proxyActivities, sleep } from '@temporalio/workflow';
import type { TestActivities } from '../activities.ts';

const { echo } = proxyActivities<TestActivities>({ taskQueue: 'core', startToCloseTimeout: '10s' });

/** The same with its two steps the other way round: running workflows would break. */
export async function mutable(input: { name: string }): Promise<string> {
  await sleep(50);
  const greeting = await echo(`hello ${input.name}`);
  return echo(greeting);
}
