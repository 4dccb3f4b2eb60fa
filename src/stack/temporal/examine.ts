import type { ConnectionOptions } from '@temporalio/client';
import { missingSearchAttributes } from '../../../temporal/search-attributes.ts';
import { isFair } from './fairness.ts';
import { withConnection } from './health.ts';

export type TemporalExamination = { version: string; missingSearchAttributes: string[]; fair: boolean };

/** What a running server is and what it lacks; throws when it does not answer. */
export async function examineTemporal(
  options: ConnectionOptions,
  namespace: string,
): Promise<TemporalExamination> {
  return await withConnection(options, async (connection) => {
    const { serverVersion } = await connection.workflowService.getSystemInfo({});
    return {
      version: serverVersion || 'unknown',
      missingSearchAttributes: await missingSearchAttributes(connection, namespace),
      fair: await isFair(connection, namespace),
    };
  });
}
