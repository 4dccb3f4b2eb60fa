import { z } from '@hono/zod-openapi';
import { defineRoute, momentField, type Route } from '../../api/kit/index.ts';
import { periodOf } from '../quotas/rules.ts';
import { readDaySpend, readSpendOf } from './repository.ts';
import { dayOf, type SpendCaps, TRIAGE_TARGET_MICRO_USD } from './rules.ts';

const micro = z.number().int();

const spendView = z
  .strictObject({
    today: z.strictObject({
      day: z.string(),
      resets_at: momentField,
      /** Reservations of work that is going on included. */
      spent_micro_usd: micro,
      cap_micro_usd: micro,
      remaining_micro_usd: micro,
    }),
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

/** What a tenant spends, in micro-dollars: today against its cap, and what a triage comes to. */
export function spendRoutes(deps: { caps: SpendCaps }): readonly Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/spend',
      operationId: 'getSpend',
      summary: 'What your tenant spends',
      tag: 'Access',
      permission: 'spend:read',
      responses: { 200: { description: 'Today against the cap, and this month.', schema: spendView } },
      handler: async ({ tx, scope, now }) => {
        const { date, endsAt } = dayOf(now);
        const { month } = periodOf(now);
        const { tenantMicroUsd: spent } = await readDaySpend(tx, { tenant: scope.tenant, day: date });
        const { scanMicroUsd, modelMicroUsd, triages } = await readSpendOf(tx, {
          tenant: scope.tenant,
          month,
        });
        const cap = deps.caps.tenantMicroUsd;
        return {
          status: 200,
          body: {
            today: {
              day: date,
              resets_at: endsAt.toISOString(),
              spent_micro_usd: spent,
              cap_micro_usd: cap,
              remaining_micro_usd: Math.max(0, cap - spent),
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
