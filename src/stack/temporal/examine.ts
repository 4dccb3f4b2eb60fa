import type { ConnectionOptions } from '@temporalio/client';
import { isFair } from './fairness.ts';
import { listMissing, withConnection } from './health.ts';

export type TemporalExamination = { version: string; missingSearchAttributes: string[]; fair: boolean };

/** What a running server is and what it lacks; throws when it does not answer. */
export async function examineTemporal(
  options: ConnectionOptions,
  namespace: string,
  searchAttributes: readonly string[],
): Promise<TemporalExamination> {
  return await withConnection(options, async (connection) => {
    const { serverVersion } = await connection.workflowService.getSystemInfo({});
    return {
      version: serverVersion || 'unknown',
      missingSearchAttributes: await listMissing(connection, namespace, searchAttributes),
      fair: await isFair(connection, namespace),
    };
  });
}
