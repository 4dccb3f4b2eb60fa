import type { AlertActivities } from '../../../activities/control/alerts.ts';
import { proxyProfile } from '../../lib/activity-profiles.ts';
import type { EvaluateAlertsResult } from './messages.ts';

const { lookForAlerts } = proxyProfile<AlertActivities>('sweep', 'Look what people have to be told of');

/** One pass over every tenant and the installation. */
export async function evaluateAlerts(): Promise<EvaluateAlertsResult> {
  return lookForAlerts();
}
