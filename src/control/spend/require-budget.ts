import type { AdmissionCheck } from '../admission/check.ts';
import { readSpent } from './repository.ts';
import { dayOf, type SpendCaps, TRIAGE_TARGET_MICRO_USD } from './rules.ts';
import { requireWithinCaps } from './spender.ts';

/** The breaker: no work begins where day or month have no room for it, so that it does not stop half way. */
export function createBudgetCheck(caps: SpendCaps): AdmissionCheck {
  return async ({ tx, scope, user, now }) => {
    const day = dayOf(now);
    const spent = await readSpent(tx, { tenant: scope.tenant, user, day: day.date });
    const withWork = {
      userMicroUsd: spent.userMicroUsd + TRIAGE_TARGET_MICRO_USD,
      tenantMicroUsd: spent.tenantMicroUsd + TRIAGE_TARGET_MICRO_USD,
      globalMicroUsd: spent.globalMicroUsd + TRIAGE_TARGET_MICRO_USD,
    };
    requireWithinCaps(withWork, { caps, day, now });
  };
}
