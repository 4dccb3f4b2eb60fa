import { and, eq, sql } from 'drizzle-orm';
import type { Tx } from '../../runtime/database/database.ts';
import {
  keyset,
  type PageOf,
  type PageRequest,
  type SortColumns,
  toPage,
} from '../../runtime/database/keyset.ts';
import type { AgentRunStatus } from './rules.ts';
import { agentRuns, type ToolCall } from './tables.ts';

export type AgentRunRow = typeof agentRuns.$inferSelect;
export type NewAgentRun = typeof agentRuns.$inferInsert;

const SORTS = {
  started_at: { by: agentRuns.startedAt, type: 'timestamptz' },
} satisfies SortColumns<'started_at'>;

/** One page of the agent runs that the actor may see. */
export async function listAgentRuns(
  tx: Tx,
  tenant: string,
  filter: { agent?: string | undefined; status?: AgentRunStatus | undefined; leadId?: string | undefined },
  page: PageRequest<'started_at'>,
): Promise<PageOf<AgentRunRow>> {
  const { key, after, orderBy, limit } = keyset(page, SORTS, agentRuns.id);
  const found = await tx
    .select({ row: agentRuns, key })
    .from(agentRuns)
    .where(
      and(
        eq(agentRuns.tenantId, tenant),
        filter.agent === undefined ? undefined : eq(agentRuns.agentSlug, filter.agent),
        filter.status && eq(agentRuns.status, filter.status),
        filter.leadId === undefined ? undefined : eq(agentRuns.leadId, filter.leadId),
        after,
      ),
    )
    .orderBy(...orderBy)
    .limit(limit);
  return toPage(found, page);
}

/** An agent run that the actor may see, or null. */
export async function findAgentRun(tx: Tx, tenant: string, id: string): Promise<AgentRunRow | null> {
  const [row] = await tx.select().from(agentRuns).where(byId(tenant, id));
  return row ?? null;
}

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
