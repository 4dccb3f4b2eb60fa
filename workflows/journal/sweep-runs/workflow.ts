import type { RunActivities } from '../../../activities/journal/runs.ts';
import { proxyProfile } from '../../lib/activity-profiles.ts';
import type { SweepResult } from './messages.ts';

const { startUnmarkedRuns } = proxyProfile<RunActivities>('sweep', 'Start runs that wait for their workflow');

/** One pass over runs that wait for their workflow. */
export async function sweepRuns(): Promise<SweepResult> {
  return startUnmarkedRuns();
}
