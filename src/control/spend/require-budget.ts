import type { AdmissionCheck } from '../admission/check.ts';
import { readDaySpend } from './repository.ts';
import { dayOf, type SpendCaps, TRIAGE_TARGET_MICRO_USD } from './rules.ts';
import { requireWithinCaps } from './spender.ts';

/** The daily breaker: no work begins on a day that has no room for it, so that it does not stop half way. */
export function createBudgetCheck(caps: SpendCaps): AdmissionCheck {
  return async ({ tx, scope, now }) => {
    const day = dayOf(now);
    const spent = await readDaySpend(tx, { tenant: scope.tenant, day: day.date });
    const withWork = {
      tenantMicroUsd: spent.tenantMicroUsd + TRIAGE_TARGET_MICRO_USD,
      globalMicroUsd: spent.globalMicroUsd + TRIAGE_TARGET_MICRO_USD,
    };
    requireWithinCaps(withWork, { caps, day, now });
  };
}
