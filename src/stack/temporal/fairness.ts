import { randomBytes } from 'node:crypto';
import { Client, type Connection } from '@temporalio/client';

/** So many that none of a queue's four partitions has fewer than ten of them by chance: with 40 one in 300 had. */
const BUSY_TENANT_RUNS = 80;
/** Without fairness the other tenant comes at the end of its partition. */
const FAIR_POSITION = 10;
/** With it the other came 2nd to 7th; of nine queues of a busy server, 12th on one and near the end on two. */
const TRIALS = 3;

/**
 * True when the server takes tenants in turn. No call of the server's says so, hence trials, up to three: eighty
 * runs of one tenant, then one of another, on a queue of their own that nothing works on but this.
 */
export async function isFair(connection: Connection, namespace: string): Promise<boolean> {
  for (let trial = 1; trial <= TRIALS; trial += 1) {
    if (await tryOnce(connection, namespace)) return true;
  }
  return false;
}

async function tryOnce(connection: Connection, namespace: string): Promise<boolean> {
  const client = new Client({ connection, namespace });
  const queue = `agos-doctor-${randomBytes(6).toString('hex')}`;
  const start = (name: string, fairnessKey: string): Promise<unknown> =>
    client.workflow.start('agos-doctor', {
      taskQueue: queue,
      workflowId: `${queue}-${name}`,
      workflowExecutionTimeout: '1 minute',
      priority: { fairnessKey },
    });
  const busy = Array.from({ length: BUSY_TENANT_RUNS }, (_, index) => `busy-${index}`);
  try {
    await Promise.all(busy.map((name) => start(name, 'busy')));
    await start('other', 'other');
    return await comesEarly(connection, namespace, queue, `${queue}-other`);
  } finally {
    const ids = [...busy, 'other'].map((name) => `${queue}-${name}`);
    await Promise.allSettled(ids.map((id) => client.workflow.getHandle(id).terminate('agos doctor is done')));
  }
}

async function comesEarly(
  connection: Connection,
  namespace: string,
  queue: string,
  workflowId: string,
): Promise<boolean> {
  for (let position = 1; position <= FAIR_POSITION; position += 1) {
    const task = await connection.withDeadline(Date.now() + 10_000, () =>
      connection.workflowService.pollWorkflowTaskQueue({
        namespace,
        taskQueue: { name: queue },
        identity: 'agos doctor',
      }),
    );
    if (task.workflowExecution?.workflowId === workflowId) return true;
  }
  return false;
}
