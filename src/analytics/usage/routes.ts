import { z } from '@hono/zod-openapi';
import { defineRoute, type Route } from '../../api/kit/index.ts';
import { daysOf } from '../range/rules.ts';
import { rangeFields, rangeView, readRange } from '../range/schemas.ts';
import { readSpent, readTokens, type Spent, type Tokens, USAGE_GROUPS } from './repository.ts';

const count = z.number().int();
const figures = {
  input_tokens: count,
  output_tokens: count,
  total_tokens: count,
  scans_micro_usd: count,
  model_calls_micro_usd: count,
  cost_micro_usd: count,
};

const usageView = z
  .strictObject({
    ...rangeView,
    group_by: z.enum(USAGE_GROUPS),
    total: z.strictObject(figures),
    data: z.array(
      z.strictObject({
        group: z.string().nullable().openapi({
          description: 'A day, a room or an agent; null where work belongs to no run of an agent.',
        }),
        ...figures,
      }),
    ),
  })
  .openapi('UsageAnalytics');

/** Tokens and cost. */
export const usageAnalyticsRoutes: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/v1/analytics/usage',
    operationId: 'getUsageAnalytics',
    summary: 'Tokens and cost, by day, room or agent',
    description: 'Cost is settled spend, on the day on which it was reserved. By day, every day is there.',
    tag: 'Analytics',
    permission: 'analytics:read',
    request: {
      query: z.strictObject({ ...rangeFields, group_by: z.enum(USAGE_GROUPS).default('day') }),
    },
    responses: { 200: { description: 'The sums.', schema: usageView } },
    handler: async ({ tx, scope, now, query }) => {
      const range = readRange(query, now);
      const by = query.group_by;
      const spent = await readSpent(tx, scope.tenant, range, by);
      const tokens = await readTokens(tx, scope.tenant, range, by);
      const groups = by === 'day' ? daysOf(range) : groupsOf([...spent, ...tokens]);
      const inGroup = (group: string | null) => (one: { group: string | null }) => one.group === group;
      const data = groups.map((group) => ({
        group,
        ...figuresOf(spent.filter(inGroup(group)), tokens.filter(inGroup(group))),
      }));
      const { from, to } = range;
      return { status: 200, body: { from, to, group_by: by, total: figuresOf(spent, tokens), data } };
    },
  }),
];

function figuresOf(spent: Spent[], tokens: Tokens[]) {
  const scans = sumOf(spent, (one) => one.scansMicroUsd);
  const modelCalls = sumOf(spent, (one) => one.modelCallsMicroUsd);
  const input = sumOf(tokens, (one) => one.inputTokens);
  const output = sumOf(tokens, (one) => one.outputTokens);
  return {
    input_tokens: input,
    output_tokens: output,
    total_tokens: input + output,
    scans_micro_usd: scans,
    model_calls_micro_usd: modelCalls,
    cost_micro_usd: scans + modelCalls,
  };
}

const sumOf = <T>(rows: T[], of: (row: T) => number): number => rows.reduce((sum, row) => sum + of(row), 0);

/** Each once, by name; what belongs to none comes last. */
function groupsOf(rows: { group: string | null }[]): (string | null)[] {
  const names = new Set(rows.map(({ group }) => group));
  const named = [...names].filter((name) => name !== null).sort();
  return names.has(null) ? [...named, null] : named;
}
