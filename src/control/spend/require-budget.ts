import { AgosError } from '../../kernel/errors.ts';
import type { AdmissionCheck } from '../admission/check.ts';
import { readSpent } from './repository.ts';
import { dayOf, type SpendCaps, TRIAGE_TARGET_MICRO_USD, usd } from './rules.ts';
import { requireWithinCaps } from './spender.ts';

/** With a cap that is less than one scan may cost there is never room, and no moment to name. */
function requireRoomForOne(caps: SpendCaps): void {
  const least = Math.min(caps.userMicroUsd, caps.tenantMicroUsd, caps.globalMicroUsd);
  if (least >= TRIAGE_TARGET_MICRO_USD) return;
  const scan = usd(TRIAGE_TARGET_MICRO_USD);
  const sentence = `A budget of ${usd(least)} has no room for a scan, which may cost ${scan}: nothing can be started.`;
  throw new AgosError('budget_exceeded', sentence);
}

/** The breaker: no work begins where day or month have no room for it, so that it does not stop half way. */
export function createBudgetCheck(caps: SpendCaps): AdmissionCheck {
  return async ({ tx, scope, user, now }) => {
    requireRoomForOne(caps);
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
