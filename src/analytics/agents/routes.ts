import { z } from '@hono/zod-openapi';
import { defineRoute, type Route } from '../../api/kit/index.ts';
import { ROOMS } from '../../kernel/rooms.ts';
import { meanOf, shareOf } from '../range/rules.ts';
import { rangeFields, rangeView, readRange } from '../range/schemas.ts';
import {
  type AgentCost,
  type AgentRuns,
  type AgentTokens,
  readAgentCosts,
  readAgentRuns,
  readAgentTokens,
} from './repository.ts';

const count = z.number().int();
const ms = count.nullable();

const agentsView = z
  .strictObject({
    ...rangeView,
    data: z.array(
      z.strictObject({
        agent: z.string(),
        version: z.string(),
        room: z.enum(ROOMS),
        runs: count,
        running: count,
        completed: count,
        failed: count,
        cancelled: count,
        success_rate: z.number().min(0).max(1).nullable().openapi({
          description: 'Completed ones of those that completed or failed.',
        }),
        mean_ms: ms.openapi({ description: 'Of completed runs, without the wait for a person.' }),
        median_ms: ms,
        p95_ms: ms,
        input_tokens: count,
        output_tokens: count,
        cost_micro_usd: count,
        mean_cost_micro_usd: count.nullable(),
      }),
    ),
  })
  .openapi('AgentAnalytics');

/** Success, latency and cost. */
export const agentAnalyticsRoutes: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/v1/analytics/agents',
    operationId: 'getAgentAnalytics',
    summary: 'Success, latency and cost of agents, by version',
    description: 'Of the runs that began in the range, with all that they have cost since.',
    tag: 'Analytics',
    permission: 'analytics:read',
    request: { query: z.strictObject(rangeFields) },
    responses: { 200: { description: 'Agents that ran in the range.', schema: agentsView } },
    handler: async ({ tx, scope: { tenant }, now, query }) => {
      const range = readRange(query, now);
      const runs = await readAgentRuns(tx, tenant, range);
      const costs = await readAgentCosts(tx, tenant, range);
      const tokens = await readAgentTokens(tx, tenant, range);
      const data = runs.map((one) => rowOf(one, costs.find(sameAs(one)), tokens.find(sameAs(one))));
      return { status: 200, body: { from: range.from, to: range.to, data } };
    },
  }),
];

type Agent = Pick<AgentRuns, 'agent' | 'version' | 'room'>;
const sameAs = (one: Agent) => (other: Agent) =>
  one.agent === other.agent && one.version === other.version && one.room === other.room;

function rowOf(found: AgentRuns, cost?: AgentCost, tokens?: AgentTokens) {
  const { agent, version, room, runs, completed, failed, cancelled, sumMs, medianMs, p95Ms } = found;
  const microUsd = cost?.microUsd ?? 0;
  return {
    agent,
    version,
    room,
    runs,
    running: runs - completed - failed - cancelled,
    completed,
    failed,
    cancelled,
    success_rate: shareOf(completed, completed + failed),
    mean_ms: meanOf(sumMs, completed),
    median_ms: medianMs,
    p95_ms: p95Ms,
    input_tokens: tokens?.inputTokens ?? 0,
    output_tokens: tokens?.outputTokens ?? 0,
    cost_micro_usd: microUsd,
    mean_cost_micro_usd: meanOf(microUsd, runs),
  };
}
