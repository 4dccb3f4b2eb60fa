import { and, asc, eq, sql } from 'drizzle-orm';
import { storableJson } from '../../kernel/text.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { newId } from '../../runtime/ids.ts';
import type { SkillRun } from './run-skill.ts';
import { modelCalls } from './tables.ts';

export type ModelCallRow = typeof modelCalls.$inferSelect;

const MOST_CALLS = 100;

/** The model calls of an agent run that the actor may see, the oldest first. */
export function listModelCalls(tx: Tx, tenant: string, agentRunId: string): Promise<ModelCallRow[]> {
  return tx
    .select()
    .from(modelCalls)
    .where(and(eq(modelCalls.tenantId, tenant), eq(modelCalls.agentRunId, agentRunId)))
    .orderBy(asc(modelCalls.createdAt), asc(modelCalls.id))
    .limit(MOST_CALLS);
}

/** Whether an answer to this work is stored, by whichever attempt. */
export async function hasModelCall(tx: Tx, tenant: string, activity: string): Promise<boolean> {
  const [row] = await tx
    .select({ id: modelCalls.id })
    .from(modelCalls)
    .where(and(eq(modelCalls.tenantId, tenant), eq(modelCalls.activity, activity)));
  return row !== undefined;
}

/** Whose call it is, and to which work it is the answer. */
type ModelCallNames = {
  tenantId: string;
  agentRunId: string;
  leadId: string | null;
  createdBy: string;
  skill: string;
  activity: string;
};

/** Stores the transcript of one skill's run; false when the work has its answer already. */
export async function recordModelCall(
  tx: Tx,
  about: ModelCallNames,
  run: SkillRun<unknown>,
): Promise<boolean> {
  const stored = await tx
    .insert(modelCalls)
    .values({
      ...about,
      id: newId(),
      generatedBy: run.generatedBy,
      request: storableJson(run.request),
      response: storableJson(run.output),
      error: run.modelError,
      ...run.usage,
      costMicroUsd: run.costMicroUsd,
      durationMs: run.durationMs,
    })
    .onConflictDoNothing({
      target: [modelCalls.tenantId, modelCalls.activity],
      where: sql`activity is not null`,
    })
    .returning({ id: modelCalls.id });
  return stored.length > 0;
}
