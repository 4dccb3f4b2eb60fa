import { z } from '@hono/zod-openapi';
import { momentField } from '../../api/kit/index.ts';
import { ROOMS } from '../../kernel/rooms.ts';
import type { ModelCallRow } from '../../models/calls/repository.ts';
import type { AgentRunRow } from './repository.ts';
import { AGENT_RUN_STATUSES } from './rules.ts';

const count = z.number().int();
const anything = z.record(z.string(), z.unknown());

const shape = {
  id: z.uuid(),
  agent: z.strictObject({ slug: z.string(), version: z.string() }),
  playbook: z.strictObject({ slug: z.string(), version: z.string().nullable() }).nullable(),
  room: z.enum(ROOMS),
  trigger: z.enum(['api', 'import', 'schedule']),
  status: z.enum(AGENT_RUN_STATUSES),
  error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  run_id: z.uuid(),
  lead_id: z.uuid().nullable(),
  audit_id: z.uuid().nullable(),
  input_tokens: count,
  output_tokens: count,
  cost_micro_usd: count.openapi({ description: 'Of scans and model calls, in millionths of a dollar.' }),
  tools_called: z
    .array(
      z.strictObject({
        name: z.string(),
        duration_ms: count,
        success: z.boolean(),
        error: z.string().nullable(),
      }),
    )
    .openapi({ description: 'In the order in which they ended.' }),
  started_at: momentField,
  completed_at: momentField.nullable(),
  duration_ms: count
    .nullable()
    .openapi({ description: "The agent's own time, without the wait for a person." }),
};

/** One execution of an agent as lists show it. */
export const agentRunView = z.strictObject(shape).openapi('AgentRun');

const modelCallView = z.strictObject({
  id: z.uuid(),
  skill: z.string(),
  generated_by: z.string().openapi({ description: "A model's id, or `offline`." }),
  request: z.unknown().openapi({ description: 'What was asked.' }),
  response: z.unknown().openapi({ description: 'What came back, or what the offline method made.' }),
  error: z.string().nullable().openapi({ description: 'Why the model did not answer.' }),
  input_tokens: count,
  output_tokens: count,
  cost_micro_usd: count,
  duration_ms: count,
  created_at: momentField,
});

/** One execution with what went in, what came out, and its model calls. */
export const agentRunDetailView = z
  .strictObject({
    ...shape,
    input: anything,
    output: anything.nullable(),
    model_calls: z.array(modelCallView).openapi({ description: 'The oldest first, 100 at most.' }),
  })
  .openapi('AgentRunDetail');

/** Shows an agent run's row. */
export const toAgentRunView = (row: AgentRunRow): z.input<typeof agentRunView> => ({
  id: row.id,
  agent: { slug: row.agentSlug, version: row.agentVersion },
  playbook: row.playbookSlug === null ? null : { slug: row.playbookSlug, version: row.playbookVersion },
  room: row.room,
  trigger: row.trigger,
  status: row.status,
  error: row.error,
  run_id: row.runId,
  lead_id: row.leadId,
  audit_id: row.auditId,
  input_tokens: row.inputTokens,
  output_tokens: row.outputTokens,
  cost_micro_usd: row.costMicroUsd,
  tools_called: row.toolsCalled,
  started_at: row.startedAt.toISOString(),
  completed_at: row.completedAt?.toISOString() ?? null,
  duration_ms: row.durationMs,
});

/** Shows an agent run with its model calls. */
export const toAgentRunDetailView = (
  row: AgentRunRow,
  calls: readonly ModelCallRow[],
): z.input<typeof agentRunDetailView> => ({
  ...toAgentRunView(row),
  input: row.input,
  output: row.output,
  model_calls: calls.map((call) => ({
    id: call.id,
    skill: call.skill,
    generated_by: call.generatedBy,
    request: call.request,
    response: call.response,
    error: call.error,
    input_tokens: call.inputTokens,
    output_tokens: call.outputTokens,
    cost_micro_usd: call.costMicroUsd,
    duration_ms: call.durationMs,
    created_at: call.createdAt.toISOString(),
  })),
});
