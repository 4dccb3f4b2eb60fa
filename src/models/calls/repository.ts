import type { Tx } from '../../runtime/database/database.ts';
import { newId } from '../../runtime/ids.ts';
import type { SkillRun } from './run-skill.ts';
import { modelCalls } from './tables.ts';

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
