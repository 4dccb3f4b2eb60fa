import { Worker } from '@temporalio/worker';

export type StoredHistory = { workflowId: string; history: unknown };

/** Replays histories against a bundle; answers with the errors by workflow id, none where all went well. */
export async function replay(
  bundle: { code: string },
  histories: readonly StoredHistory[],
): Promise<Record<string, string>> {
  const errors: Record<string, string> = {};
  for await (const { workflowId, error } of Worker.runReplayHistories(
    { workflowBundle: bundle },
    histories,
  )) {
    if (error) errors[workflowId] = `${error.name}: ${error.message}`;
  }
  return errors;
}
