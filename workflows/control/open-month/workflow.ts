import type { QuotaActivities } from '../../../activities/control/quotas.ts';
import { proxyProfile } from '../../lib/activity-profiles.ts';
import type { OpenMonthResult } from './messages.ts';

const { openCreditPeriods } = proxyProfile<QuotaActivities>(
  'core',
  'Give every tenant the credits of its plan',
);

/** Opens the month for every tenant; one that is open stays as it is. */
export async function openMonth(): Promise<OpenMonthResult> {
  return openCreditPeriods();
}
