import { createDataConverter } from '../../temporal/codec/data-converter.ts';
import { openClient, readTemporalTarget } from '../../temporal/connection.ts';
import { importWorkflowId } from '../../workflows/leads/import-leads/messages.ts';
import type { BenchStack } from '../harness/stack.ts';

/** History events that one import has left, over all runs that continued it. */
export async function eventsOfImport(stack: BenchStack, tenant: string, batchId: string): Promise<number> {
  const client = openClient(readTemporalTarget(stack.variables), createDataConverter(undefined));
  try {
    let events = 0;
    const query = `WorkflowId = '${importWorkflowId(tenant, batchId)}'`;
    for await (const one of client.workflow.list({ query })) {
      const { historyLength } = await client.workflow.getHandle(one.workflowId, one.runId).describe();
      events += historyLength;
    }
    return events;
  } finally {
    await client.connection.close();
  }
}
