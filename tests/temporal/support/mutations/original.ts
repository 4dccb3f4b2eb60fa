import { proxyActivities, sleep } from '@temporalio/workflow';
import type { TestActivities } from '../activities.ts';

const { echo } = proxyActivities<TestActivities>({ taskQueue: 'core', startToCloseTimeout: '10s' });

/** What a history was recorded with. */
export async function mutable(input: { name: string }): Promise<string> {
  const greeting = await echo(`hello ${input.name}`);
  await sleep(50);
  return echo(greeting);
}
