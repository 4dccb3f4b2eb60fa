import { and, eq, gte, lt, lte, sql } from 'drizzle-orm';
import { agentRuns } from '../../agents/agent-runs/tables.ts';
import { spendEntries } from '../../control/spend/tables.ts';
import { modelCalls } from '../../models/calls/tables.ts';
import type { Tx } from '../../runtime/database/database.ts';
import type { Range } from '../range/rules.ts';

export const USAGE_GROUPS = ['day', 'room', 'agent'] as const;
export type UsageGroup = (typeof USAGE_GROUPS)[number];

/** Whose: a day, a room or an agent; null where work belongs to no run of an agent. */
export type Spent = { group: string | null; scansMicroUsd: number; modelCallsMicroUsd: number };
export type Tokens = { group: string | null; inputTokens: number; outputTokens: number };

const OF_RUN = {
  room: sql<string | null>`${agentRuns.room}`,
  agent: sql<string | null>`${agentRuns.agentSlug}`,
};

/** What was settled on the days of a range, by the day of its reservation. */
export function readSpent(tx: Tx, tenant: string, range: Range, by: UsageGroup): Promise<Spent[]> {
  const group = by === 'day' ? sql<string | null>`${spendEntries.day}::text` : OF_RUN[by];
  const spentOn = (kind: 'scan' | 'model_call') =>
    sql`coalesce(sum(${spendEntries.spentMicroUsd}) filter (where ${spendEntries.kind} = ${kind}), 0)`.mapWith(
      Number,
    );
  return (
    tx
      .select({ group, scansMicroUsd: spentOn('scan'), modelCallsMicroUsd: spentOn('model_call') })
      .from(spendEntries)
      // A triage's agent run has the id of its audit.
      .leftJoin(
        agentRuns,
        and(eq(agentRuns.tenantId, spendEntries.tenantId), eq(agentRuns.id, spendEntries.auditId)),
      )
      .where(
        and(
          eq(spendEntries.tenantId, tenant),
          eq(spendEntries.state, 'settled'),
          gte(spendEntries.day, range.from),
          lte(spendEntries.day, range.to),
        ),
      )
      .groupBy(group)
  );
}

/** The tokens of the calls that models answered in a range. */
export function readTokens(tx: Tx, tenant: string, range: Range, by: UsageGroup): Promise<Tokens[]> {
  const day = sql<string | null>`to_char(${modelCalls.createdAt} at time zone 'UTC', 'YYYY-MM-DD')`;
  const group = by === 'day' ? day : OF_RUN[by];
  return tx
    .select({
      group,
      inputTokens: sql`sum(${modelCalls.inputTokens})`.mapWith(Number),
      outputTokens: sql`sum(${modelCalls.outputTokens})`.mapWith(Number),
    })
    .from(modelCalls)
    .leftJoin(
      agentRuns,
      and(eq(agentRuns.tenantId, modelCalls.tenantId), eq(agentRuns.id, modelCalls.agentRunId)),
    )
    .where(
      and(
        eq(modelCalls.tenantId, tenant),
        gte(modelCalls.createdAt, range.startsAt),
        lt(modelCalls.createdAt, range.endsAt),
        sql`${modelCalls.inputTokens} + ${modelCalls.outputTokens} > 0`,
      ),
    )
    .groupBy(group);
}
