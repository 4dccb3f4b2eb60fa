import type { ConnectionOptions } from '@temporalio/client';
import { isFair } from './fairness.ts';
import { withConnection } from './health.ts';
import type { NamespaceSetup } from './namespace-setup.ts';

export type TemporalExamination = {
  version: string;
  missingSearchAttributes: string[];
  /** Null where it was not tried: the trial starts workflows in the namespace. */
  fair: boolean | null;
};

/** What a running server is and what it lacks; throws when it does not answer. */
export async function examineTemporal(
  options: ConnectionOptions,
  namespace: string,
  setup: Pick<NamespaceSetup, 'missing'>,
  { tryFairness }: { tryFairness: boolean },
): Promise<TemporalExamination> {
  return await withConnection(options, async (connection) => {
    const { serverVersion } = await connection.workflowService.getSystemInfo({});
    return {
      version: serverVersion || 'unknown',
      missingSearchAttributes: await setup.missing(connection, namespace),
      fair: tryFairness ? await isFair(connection, namespace) : null,
    };
  });
}
