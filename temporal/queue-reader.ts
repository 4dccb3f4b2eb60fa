import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import type { QueueDelay } from '../src/control/alerts/queue-delay.ts';
import { AgosError } from '../src/kernel/errors.ts';
import { callTemporal } from './call.ts';
import { TASK_QUEUES } from './queues.ts';

const { TaskQueueType } = proto.temporal.api.enums.v1;

/** How long the oldest task of each queue has waited, as the server estimates it; null when it does not answer. */
export async function readQueueDelays(client: Client): Promise<QueueDelay[] | null> {
  try {
    return await Promise.all(Object.keys(TASK_QUEUES).map((queue) => readOne(client, queue)));
  } catch (error) {
    if (error instanceof AgosError && error.code === 'temporal_unavailable') return null;
    throw error;
  }
}

async function readOne(client: Client, queue: string): Promise<QueueDelay> {
  const { stats } = await callTemporal(client, () =>
    client.workflowService.describeTaskQueue({
      namespace: client.options.namespace,
      taskQueue: { name: queue },
      taskQueueType:
        queue === 'workflows'
          ? TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
          : TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
      reportStats: true,
    }),
  );
  const age = stats?.approximateBacklogAge;
  return {
    queue,
    waiting: Number(stats?.approximateBacklogCount ?? 0),
    oldestMs: Number(age?.seconds ?? 0) * 1_000 + Math.round((age?.nanos ?? 0) / 1e6),
  };
}
