import { patched, proxyActivities, sleep } from '@temporalio/workflow';
import type { TestActivities } from '../activities.ts';

const { echo } = proxyActivities<TestActivities>({ taskQueue: 'core', startToCloseTimeout: '10s' });

/** The change behind a marker: old histories go the old way. */
export async function mutable(input: { name: string }): Promise<string> {
  if (patched('sleep-first')) {
    await sleep(50);
    return echo(await echo(`hello ${input.name}`));
  }
  const greeting = await echo(`hello ${input.name}`);
  await sleep(50);
  return echo(greeting);
}
