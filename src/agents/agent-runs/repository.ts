import { and, eq, sql } from 'drizzle-orm';
import type { Tx } from '../../runtime/database/database.ts';
import { agentRuns, type ToolCall } from './tables.ts';

export type AgentRunRow = typeof agentRuns.$inferSelect;
export type NewAgentRun = typeof agentRuns.$inferInsert;

/** Adds an agent run once: a repeated attempt changes nothing. */
export async function insertAgentRun(tx: Tx, run: NewAgentRun): Promise<void> {
  await tx.insert(agentRuns).values(run).onConflictDoNothing();
}

/** Adds one tool call to an agent run, in the order in which they end. */
export async function recordToolCall(tx: Tx, tenant: string, id: string, call: ToolCall): Promise<void> {
  await tx
    .update(agentRuns)
    .set({ toolsCalled: sql`${agentRuns.toolsCalled} || ${JSON.stringify([call])}::jsonb` })
    .where(byId(tenant, id));
}

/** Adds a model call's tokens and cost (micro-dollars) to an agent run. */
export async function addUsage(
  tx: Tx,
  tenant: string,
  id: string,
  usage: { inputTokens: number; outputTokens: number; costMicroUsd: number },
): Promise<void> {
  await tx
    .update(agentRuns)
    .set({
      inputTokens: sql`${agentRuns.inputTokens} + ${usage.inputTokens}`,
      outputTokens: sql`${agentRuns.outputTokens} + ${usage.outputTokens}`,
      costMicroUsd: sql`${agentRuns.costMicroUsd} + ${usage.costMicroUsd}`,
    })
    .where(byId(tenant, id));
}

/** Ends an agent run; `durationMs` is the agent's own time, without the wait for a person. */
export async function endAgentRun(
  tx: Tx,
  tenant: string,
  id: string,
  end: Pick<NewAgentRun, 'status' | 'output' | 'error'> & { now: Date; durationMs: number },
): Promise<void> {
  await tx
    .update(agentRuns)
    .set({
      status: end.status,
      output: end.output ?? null,
      error: end.error ?? null,
      completedAt: end.now,
      durationMs: end.durationMs,
    })
    .where(byId(tenant, id));
}

const byId = (tenant: string, id: string) => and(eq(agentRuns.tenantId, tenant), eq(agentRuns.id, id));
