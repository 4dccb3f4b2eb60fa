import { z } from '@hono/zod-openapi';
import { defineRoute, identifier, momentField, type Route, slugParam } from '../../api/kit/index.ts';
import { AgosError } from '../../kernel/errors.ts';
import { ROOMS } from '../../kernel/rooms.ts';
import { type AgentRow, findAgent, listAgents } from './repository.ts';

const agentView = z
  .strictObject({
    slug: z.string(),
    version: z.string(),
    name: z.string(),
    description: z.string(),
    room: z.enum(ROOMS),
    model_tier: z.enum(['fast', 'balanced', 'strategic']),
    system_prompt: z.string().openapi({ description: "Stands before each skill's own instructions." }),
    skills: z.array(z.string()),
    tools: z.array(z.string()),
    timeout_seconds: z.number().int().openapi({ description: 'How long one model call may take.' }),
    retry_attempts: z
      .number()
      .int()
      .openapi({ description: 'How often a model is asked before the offline method answers.' }),
    created_at: momentField,
  })
  .openapi('Agent');

const toView = (agent: AgentRow): z.input<typeof agentView> => ({
  slug: agent.slug,
  version: agent.version,
  name: agent.name,
  description: agent.description,
  room: agent.room,
  model_tier: agent.modelTier,
  system_prompt: agent.systemPrompt,
  skills: agent.skills,
  tools: agent.tools,
  timeout_seconds: agent.timeoutSeconds,
  retry_attempts: agent.retryAttempts,
  created_at: agent.createdAt.toISOString(),
});

const tag = 'Agents';

/** The registry of agents: the same for every tenant. */
export const agentRoutes: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/v1/agents',
    operationId: 'listAgents',
    summary: 'List agents, each in its newest version',
    tag,
    permission: 'agents:read',
    transaction: 'read_once',
    responses: { 200: { description: 'Agents.', schema: z.strictObject({ data: z.array(agentView) }) } },
    handler: async ({ tx }) => ({ status: 200, body: { data: (await listAgents(tx)).map(toView) } }),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/agents/{slug}',
    operationId: 'getAgent',
    summary: 'Get an agent',
    tag,
    permission: 'agents:read',
    transaction: 'read_once',
    request: {
      params: z.strictObject({ slug: slugParam }),
      query: z.strictObject({ version: identifier(50).optional() }),
    },
    responses: { 200: { description: 'The version asked for, else the newest.', schema: agentView } },
    handler: async ({ tx, params, query }) => {
      const agent = await findAgent(tx, params.slug, query.version);
      if (!agent) throw new AgosError('not_found', 'There is no such agent.');
      return { status: 200, body: toView(agent) };
    },
  }),
];
