import type { RunActivities } from '../../../activities/journal/runs.ts';
import { proxyProfile } from '../../lib/activity-profiles.ts';
import type { ReconcileResult } from './messages.ts';

const { settleLostRuns } = proxyProfile<RunActivities>('sweep', 'Settle runs whose workflow is gone');

/** One pass over runs whose workflow should be alive. */
export async function reconcileRuns(): Promise<ReconcileResult> {
  return settleLostRuns();
}
