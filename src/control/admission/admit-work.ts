import { readTenant } from '../../access/tenants/repository.ts';
import { suspendedError } from '../../access/tenants/suspended.ts';
import type { RequestContext } from '../../journal/request-context.ts';
import { AgosError } from '../../kernel/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import { refuseWhileStopped } from '../kill-switch/refuse-stopped.ts';
import { findUser } from '../quotas/repository.ts';
import { requireCredit, requireQuota } from '../quotas/require-quota.ts';
import { createBudgetCheck } from '../spend/require-budget.ts';
import type { SpendCaps } from '../spend/rules.ts';
import type { AdmissionCheck, Asked, Work } from './check.ts';

export type AdmitWork = (ctx: Pick<RequestContext, 'tx' | 'scope'>, work: Work) => Promise<void>;

/**
 * The one place that lets work begin. It runs in the transaction that asks for the work: what a check counts
 * is counted when that commits, and not at all when a later check refuses.
 */
export function createAdmission(deps: { clock: Clock; caps: SpendCaps }): AdmitWork {
  // In this order: what costs nothing to look at first, rows that others wait for last.
  const checks: readonly AdmissionCheck[] = [
    requireNoStop,
    requireActiveTenant,
    requireSubscription,
    createBudgetCheck(deps.caps),
    requireQuota,
    requireCredit,
  ];
  return async ({ tx, scope }, work) => {
    const tenant = await readTenant(tx, scope.tenant);
    const user = await findUser(tx, scope.tenant, work.principal);
    const asked = { tx, scope, tenant, user, now: deps.clock.now() };
    for (const check of checks) await check(asked);
  };
}

/** The kill switch of the tenant, or the global one. */
async function requireNoStop({ tx, scope }: Asked): Promise<void> {
  await refuseWhileStopped(tx, scope.tenant);
}

/** The API refuses earlier; an import goes on for hours, and its tenant may be suspended meanwhile. */
function requireActiveTenant({ tenant }: Asked): void {
  if (tenant.status !== 'active') throw suspendedError(tenant.status);
}

function requireSubscription({ tenant }: Asked): void {
  const { subscriptionStatus: status } = tenant;
  if (status === 'active' || status === 'trialing') return;
  throw new AgosError(
    'subscription_inactive',
    `The subscription is ${status.replace('_', ' ')}: nothing can be started until it is active.`,
    { subscription_status: status },
  );
}
