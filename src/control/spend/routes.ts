import { z } from '@hono/zod-openapi';
import { defineRoute, momentField, type Route } from '../../api/kit/index.ts';
import { findUser } from '../quotas/repository.ts';
import { periodOf } from '../quotas/rules.ts';
import { readSpendOf, readSpent } from './repository.ts';
import { dayOf, type SpendCaps, TRIAGE_TARGET_MICRO_USD } from './rules.ts';

const micro = z.number().int();

const budget = {
  resets_at: momentField,
  spent_micro_usd: micro,
  cap_micro_usd: micro,
  remaining_micro_usd: micro,
};

const spendView = z
  .strictObject({
    /** The tenant's UTC day; reservations of work that is going on count. */
    today: z.strictObject({ day: z.string(), ...budget }),
    /** The caller's calendar month, UTC; a key counts with whoever made it. */
    yours: z.strictObject({ month: z.string(), ...budget }),
    /** What has ended in this calendar month, UTC. */
    month: z.strictObject({
      month: z.string(),
      scans_micro_usd: micro,
      model_calls_micro_usd: micro,
      triages: z.number().int(),
      /** Measured mean, and what one triage is meant to cost at most; null without a triage. */
      triage_micro_usd: micro.nullable(),
      triage_target_micro_usd: micro,
    }),
  })
  .openapi('Spend');
export type SpendView = z.output<typeof spendView>;

/** What a tenant spends, in micro-dollars: today and the caller's month against their caps, and what a triage comes to. */
export function spendRoutes({ caps }: { caps: SpendCaps }): readonly Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/spend',
      operationId: 'getSpend',
      summary: 'What your tenant spends',
      tag: 'Access',
      permission: 'spend:read',
      responses: {
        200: {
          description: 'Today and your month against their caps, and what this month has come to.',
          schema: spendView,
        },
      },
      handler: async ({ tx, scope, now }) => {
        const { date, endsAt } = dayOf(now);
        const { month, endsAt: monthEndsAt } = periodOf(now);
        const user = await findUser(tx, scope.tenant, scope.actor.id);
        const spent = await readSpent(tx, { tenant: scope.tenant, user, day: date });
        const { scanMicroUsd, modelMicroUsd, triages } = await readSpendOf(tx, {
          tenant: scope.tenant,
          month,
        });
        return {
          status: 200,
          body: {
            today: { day: date, ...budgetOf(spent.tenantMicroUsd, caps.tenantMicroUsd, endsAt) },
            yours: {
              month: month.slice(0, 7),
              ...budgetOf(spent.userMicroUsd, caps.userMicroUsd, monthEndsAt),
            },
            month: {
              month: month.slice(0, 7),
              scans_micro_usd: scanMicroUsd,
              model_calls_micro_usd: modelMicroUsd,
              triages,
              triage_micro_usd: triages === 0 ? null : Math.round((scanMicroUsd + modelMicroUsd) / triages),
              triage_target_micro_usd: TRIAGE_TARGET_MICRO_USD,
            },
          },
        };
      },
    }),
  ];
}

function budgetOf(spent: number, cap: number, endsAt: Date) {
  return {
    resets_at: endsAt.toISOString(),
    spent_micro_usd: spent,
    cap_micro_usd: cap,
    remaining_micro_usd: Math.max(0, cap - spent),
  };
}
