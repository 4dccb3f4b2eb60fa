import { and, eq, gte, lt, sql } from 'drizzle-orm';
import { agentRuns } from '../../agents/agent-runs/tables.ts';
import { spendEntries } from '../../control/spend/tables.ts';
import type { Room } from '../../kernel/rooms.ts';
import { modelCalls } from '../../models/calls/tables.ts';
import type { Tx } from '../../runtime/database/database.ts';
import type { Range } from '../range/rules.ts';

type Agent = { agent: string; version: string; room: Room };
/** Runs of one version of an agent; times are of the completed ones, each percentile one of them. */
export type AgentRuns = Agent & {
  runs: number;
  completed: number;
  failed: number;
  cancelled: number;
  sumMs: number;
  medianMs: number | null;
  p95Ms: number | null;
};
export type AgentCost = Agent & { microUsd: number };
export type AgentTokens = Agent & { inputTokens: number; outputTokens: number };

const AGENT = { agent: agentRuns.agentSlug, version: agentRuns.agentVersion, room: agentRuns.room };
const BY_AGENT = [agentRuns.agentSlug, agentRuns.agentVersion, agentRuns.room] as const;

/** The runs that began in a range. */
export function readAgentRuns(tx: Tx, tenant: string, range: Range): Promise<AgentRuns[]> {
  const ended = (status: 'completed' | 'failed' | 'cancelled') =>
    sql`count(*) filter (where ${agentRuns.status} = ${status})`.mapWith(Number);
  const percentile = (share: number) =>
    sql<
      number | null
    >`percentile_disc(${sql.raw(String(share))}) within group (order by ${agentRuns.durationMs})
      filter (where ${agentRuns.status} = 'completed')`;
  return tx
    .select({
      ...AGENT,
      runs: sql`count(*)`.mapWith(Number),
      completed: ended('completed'),
      failed: ended('failed'),
      cancelled: ended('cancelled'),
      sumMs:
        sql`coalesce(sum(${agentRuns.durationMs}) filter (where ${agentRuns.status} = 'completed'), 0)`.mapWith(
          Number,
        ),
      medianMs: percentile(0.5),
      p95Ms: percentile(0.95),
    })
    .from(agentRuns)
    .where(begunIn(tenant, range))
    .groupBy(...BY_AGENT)
    .orderBy(...BY_AGENT);
}

/** What those runs have cost, whenever it was settled. */
export function readAgentCosts(tx: Tx, tenant: string, range: Range): Promise<AgentCost[]> {
  return tx
    .select({ ...AGENT, microUsd: sql`sum(${spendEntries.spentMicroUsd})`.mapWith(Number) })
    .from(agentRuns)
    .innerJoin(
      spendEntries,
      and(eq(spendEntries.tenantId, agentRuns.tenantId), eq(spendEntries.auditId, agentRuns.id)),
    )
    .where(and(begunIn(tenant, range), eq(spendEntries.state, 'settled')))
    .groupBy(...BY_AGENT);
}

/** The tokens that those runs have used. */
export function readAgentTokens(tx: Tx, tenant: string, range: Range): Promise<AgentTokens[]> {
  return tx
    .select({
      ...AGENT,
      inputTokens: sql`sum(${modelCalls.inputTokens})`.mapWith(Number),
      outputTokens: sql`sum(${modelCalls.outputTokens})`.mapWith(Number),
    })
    .from(agentRuns)
    .innerJoin(
      modelCalls,
      and(eq(modelCalls.tenantId, agentRuns.tenantId), eq(modelCalls.agentRunId, agentRuns.id)),
    )
    .where(begunIn(tenant, range))
    .groupBy(...BY_AGENT);
}

const begunIn = (tenant: string, { startsAt, endsAt }: Range) =>
  and(eq(agentRuns.tenantId, tenant), gte(agentRuns.startedAt, startsAt), lt(agentRuns.startedAt, endsAt));
