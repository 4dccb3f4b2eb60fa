import { z } from '@hono/zod-openapi';
import { defineRoute, idParam, pageFields, pageOf, type Route, slugParam } from '../../api/kit/index.ts';
import { AgosError } from '../../kernel/errors.ts';
import { listModelCalls } from '../../models/calls/repository.ts';
import { findAgentRun, listAgentRuns } from './repository.ts';
import { AGENT_RUN_STATUSES } from './rules.ts';
import { agentRunDetailView, agentRunView, toAgentRunDetailView, toAgentRunView } from './schemas.ts';

const tag = 'Agents';

/** What agents did: each execution with its tools, tokens, cost and model calls. */
export const agentRunRoutes: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/v1/agent-runs',
    operationId: 'listAgentRuns',
    summary: 'List executions of agents',
    tag,
    permission: 'agents:read',
    transaction: 'read_once',
    request: {
      query: z.strictObject({
        ...pageFields(['-started_at']),
        agent: slugParam.optional(),
        status: z.enum(AGENT_RUN_STATUSES).optional(),
        lead_id: z.uuid().optional(),
      }),
    },
    responses: { 200: { description: 'Agent runs, newest first.', schema: pageOf(agentRunView) } },
    handler: async ({ tx, scope, query, paging }) => {
      const page = paging.open(query);
      const filter = { agent: query.agent, status: query.status, leadId: query.lead_id };
      const found = await listAgentRuns(tx, scope.tenant, filter, page);
      return { status: 200, body: paging.seal(found, page, toAgentRunView) };
    },
  }),
  defineRoute({
    method: 'get',
    path: '/v1/agent-runs/{id}',
    operationId: 'getAgentRun',
    summary: 'Get one execution of an agent, with its model calls',
    tag,
    permission: 'agents:read',
    request: { params: z.strictObject({ id: idParam }) },
    responses: { 200: { description: 'The agent run.', schema: agentRunDetailView } },
    handler: async ({ tx, scope, params: { id } }) => {
      const row = await findAgentRun(tx, scope.tenant, id);
      if (!row) throw new AgosError('not_found', 'There is no such agent run.');
      const calls = await listModelCalls(tx, scope.tenant, id);
      return { status: 200, body: toAgentRunDetailView(row, calls) };
    },
  }),
];
