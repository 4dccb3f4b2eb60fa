import { z } from '@hono/zod-openapi';
import { readTenant } from '../../access/tenants/repository.ts';
import { PLANS, SUBSCRIPTION_STATUSES } from '../../access/tenants/rules.ts';
import { defineRoute, momentField, type Route } from '../../api/kit/index.ts';
import { findUser, readCreditPeriod, readQuotaUsage } from './repository.ts';
import { quotaOf } from './require-quota.ts';
import { PLAN_LIMITS, periodOf } from './rules.ts';

const allowance = z.strictObject({
  limit: z.number().int(),
  used: z.number().int(),
  remaining: z.number().int(),
});

const usageView = z
  .strictObject({
    plan: z.enum(PLANS),
    subscription_status: z.enum(SUBSCRIPTION_STATUSES),
    /** The calendar month in UTC, and when the next one begins. */
    month: z.string(),
    resets_at: momentField,
    /** Credits of the whole tenant. */
    credits: allowance,
    /** Triages of the caller: a key counts with whoever made it. */
    triages: allowance,
  })
  .openapi('Usage');

/** What the caller and its tenant have used of what the plan allows. */
export const usageRoutes: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/v1/usage',
    operationId: 'getUsage',
    summary: 'Your usage and limits of this month',
    tag: 'Access',
    permission: 'tenant:read',
    responses: { 200: { description: 'What is allowed, used and left.', schema: usageView } },
    handler: async ({ tx, scope, now }) => {
      const tenant = await readTenant(tx, scope.tenant);
      const { month, endsAt } = periodOf(now);
      const at = { tenant: tenant.id, month };
      const credits = (await readCreditPeriod(tx, at)) ?? {
        granted: PLAN_LIMITS[tenant.plan].credits,
        used: 0,
      };
      const user = await findUser(tx, tenant.id, scope.actor.id);
      return {
        status: 200,
        body: {
          plan: tenant.plan,
          subscription_status: tenant.subscriptionStatus,
          month: month.slice(0, 7),
          resets_at: endsAt.toISOString(),
          credits: allowanceOf(credits.granted, credits.used),
          triages: allowanceOf(quotaOf(tenant), await readQuotaUsage(tx, { ...at, user })),
        },
      };
    },
  }),
];

function allowanceOf(limit: number, used: number): z.input<typeof allowance> {
  return { limit, used, remaining: Math.max(0, limit - used) };
}
