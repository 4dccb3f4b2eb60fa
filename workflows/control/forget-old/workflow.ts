import type { RetentionActivities } from '../../../activities/control/retention.ts';
import { proxyProfile } from '../../lib/activity-profiles.ts';
import type { ForgetOldResult } from './messages.ts';

const { removeOldRows } = proxyProfile<RetentionActivities>('sweep', 'Remove what is older than it is kept');

/** One pass; what it does not come to is removed by the next one. */
export async function forgetOld(): Promise<ForgetOldResult> {
  return removeOldRows();
}
