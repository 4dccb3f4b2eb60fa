import type { TenantRow } from '../../access/tenants/repository.ts';
import { AgosError, type ErrorCode } from '../../kernel/errors.ts';
import type { Asked } from '../admission/check.ts';
import { openCreditPeriod, readCreditPeriod, takeCredit, takeFromQuota } from './repository.ts';
import { PLAN_LIMITS, periodOf, secondsUntil } from './rules.ts';

/** How many triages each user of a tenant may ask for in a month: the tenant's own number, else the plan's. */
export function quotaOf(tenant: Pick<TenantRow, 'plan' | 'triageQuota'>): number {
  return tenant.triageQuota ?? PLAN_LIMITS[tenant.plan].triagesPerUser;
}

/** Counts the work against its user's quota, or throws `quota_exceeded`. */
export async function requireQuota({ tx, tenant, user, now }: Asked): Promise<void> {
  const { month, endsAt } = periodOf(now);
  const limit = quotaOf(tenant);
  if (await takeFromQuota(tx, { tenant: tenant.id, user, month, limit })) return;
  throw refused('quota_exceeded', `Your ${limit} triages of this month are used up`, {
    limit,
    endsAt,
    now,
  });
}

/** Takes a credit of the tenant's, or throws `credits_exhausted`. A month that no Schedule has opened is opened here. */
export async function requireCredit({ tx, tenant, now }: Asked): Promise<void> {
  const { month, endsAt } = periodOf(now);
  const at = { tenant: tenant.id, month };
  if (await takeCredit(tx, at)) return;
  const { credits } = PLAN_LIMITS[tenant.plan];
  if ((await openCreditPeriod(tx, { ...at, granted: credits })) && (await takeCredit(tx, at))) return;
  // Somebody else may have opened the month in between.
  if (await takeCredit(tx, at)) return;
  const limit = (await readCreditPeriod(tx, at))?.granted ?? credits;
  throw refused('credits_exhausted', `All ${limit} credits of this month are used up`, {
    limit,
    endsAt,
    now,
  });
}

/** A refusal that ends with the month, and says when. */
function refused(
  code: Extract<ErrorCode, 'quota_exceeded' | 'credits_exhausted'>,
  what: string,
  { limit, endsAt, now }: { limit: number; endsAt: Date; now: Date },
): AgosError {
  const day = endsAt.toISOString().slice(0, 10);
  return new AgosError(code, `${what}: the next ones come on ${day} at 00:00 UTC.`, {
    limit,
    used: limit,
    available_at: endsAt.toISOString(),
    retryAfterSeconds: secondsUntil(endsAt, now),
  });
}
