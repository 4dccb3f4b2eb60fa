import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import postgres from 'postgres';
import { serveCalls } from '../harness/serve-calls.mjs';
import { closedLoop } from './closed-loop.ts';
import { ACTIVITY_QUEUE } from './raw-workflow.ts';

/** The SDK as its documentation shows it: one client, workflows and activities in one process, rows of a plain table. */
Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
const { TEMPORAL_ADDRESS: address = '', BARE_DATABASE_URL: url = '' } = process.env;
const sql = postgres(url, { max: 10, onnotice: () => {} });
const connection = await NativeConnection.connect({ address });
const client = new Client({ connection: await Connection.connect({ address }) });
const taskQueue = 'raw';
const activities = {
  step: async (run: string, number: number) => {
    await sql`insert into raw_steps (run_id, step) values (${run}, ${number})`;
  },
};
const worker = await Worker.create({
  connection,
  taskQueue,
  workflowBundle: await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./raw-workflow.ts', import.meta.url)),
    logger: new DefaultLogger('WARN'),
  }),
  activities,
});
const workers = [worker, await Worker.create({ connection, taskQueue: ACTIVITY_QUEUE, activities })];
const running = Promise.all(workers.map((one) => one.run()));

serveCalls(
  {
    run: async ({ queues, ...how }: { runs: number; atOnce: number; queues: 'one' | 'two' }) => {
      let last = '';
      const figures = await closedLoop(how, async () => {
        const run = randomUUID();
        last = `raw-${run}`;
        const options = { taskQueue, workflowId: last, args: [run, queues] };
        await client.workflow.execute('fiveRawSteps', options);
      });
      const { historyLength } = await client.workflow.getHandle(last).describe();
      return { ...figures, events: historyLength };
    },
  },
  async () => {
    for (const one of workers) one.shutdown();
    await running;
    await sql.end({ timeout: 5 });
  },
);
