import { hostname } from 'node:os';
import { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { readConfig } from '../src/runtime/config.ts';
import { readTemporalTarget } from './connection.ts';
import { parseQueues, type TaskQueue } from './queues.ts';

const { TASK_QUEUE_TYPE_ACTIVITY, TASK_QUEUE_TYPE_WORKFLOW } = proto.temporal.api.enums.v1.TaskQueueType;
/** A worker asks for work again after a minute at the latest. */
const HEARD_WITHIN_MS = 90_000;

/** The worker's health check: exits 0 when Temporal has heard this machine ask for work on all its queues, else 1. */
const queues = parseQueues(readConfig().AGOS_QUEUES);
const { connectionOptions, namespace } = readTemporalTarget();
const connection = await Connection.connect({ ...connectionOptions, connectTimeout: '5s' });
try {
  const heard = await connection.withDeadline(Date.now() + 10_000, () => Promise.all(queues.map(isHeard)));
  const silent = queues.filter((_, index) => !heard[index]);
  if (silent.length > 0) console.error(`Temporal hears nobody of ${hostname()} on ${silent.join(', ')}.`);
  process.exitCode = silent.length === 0 ? 0 : 1;
} finally {
  await connection.close();
}

async function isHeard(queue: TaskQueue): Promise<boolean> {
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: queue },
    taskQueueType: queue === 'workflows' ? TASK_QUEUE_TYPE_WORKFLOW : TASK_QUEUE_TYPE_ACTIVITY,
  });
  const sinceMs = Date.now() - HEARD_WITHIN_MS;
  return (pollers ?? []).some(
    ({ identity, lastAccessTime }) =>
      identity?.endsWith(`@${hostname()}`) && Number(lastAccessTime?.seconds ?? 0) * 1_000 > sinceMs,
  );
}
