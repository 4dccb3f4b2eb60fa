import { openMonthForAll } from '../../src/control/quotas/open-month.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { Database } from '../../src/runtime/database/database.ts';
import type { OpenMonthResult } from '../../workflows/control/open-month/messages.ts';

/** Activities of the Schedule that renews what plans give. */
export function createQuotaActivities(deps: { db: Database; clock: Clock }) {
  return {
    openCreditPeriods: (): Promise<OpenMonthResult> => openMonthForAll(deps),
  };
}

export type QuotaActivities = ReturnType<typeof createQuotaActivities>;
