import { and, asc, eq } from 'drizzle-orm';
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

/** Stores the transcript of one skill's run and answers with its id. */
export async function recordModelCall(
  tx: Tx,
  about: { tenantId: string; agentRunId: string; leadId: string | null; createdBy: string; skill: string },
  run: SkillRun<unknown>,
): Promise<string> {
  const id = newId();
  await tx.insert(modelCalls).values({
    ...about,
    id,
    generatedBy: run.generatedBy,
    request: run.request,
    response: run.output,
    error: run.modelError,
    ...run.usage,
    costMicroUsd: run.costMicroUsd,
    durationMs: run.durationMs,
  });
  return id;
}
