import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import postgres from 'postgres';
import { serveCalls } from '../harness/serve-calls.mjs';
import type { LeadsFile } from './leads-file.ts';

/** The sample as a process: worker, client and rows of its own table on the servers that both sides use. */
Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
const { TEMPORAL_ADDRESS: address = '', BARE_DATABASE_URL: url = '' } = process.env;
const sql = postgres(url, { max: 10, onnotice: () => {} });
const connection = await NativeConnection.connect({ address });
const client = new Client({ connection: await Connection.connect({ address }) });
let rows: LeadsFile['rows'] = [];
const taskQueue = 'sliding-window-sample';
const worker = await Worker.create({
  connection,
  taskQueue,
  workflowBundle: await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./workflows.ts', import.meta.url)),
    logger: new DefaultLogger('WARN'),
  }),
  activities: {
    upsertRecord: async (index: number) => {
      const row = rows[index];
      if (!row || !URL.canParse(row.url)) return;
      await sql`insert into sample_leads (domain, url, company_name, city)
        values (${new URL(row.url).host}, ${row.url}, ${row.company}, ${row.city})
        on conflict (domain) do update set company_name = coalesce(sample_leads.company_name, excluded.company_name)`;
    },
  },
});
const running = worker.run();

type Run = { rows: LeadsFile['rows']; partitions: number; pageSize: number; windowSize: number };

serveCalls(
  {
    run: async ({ rows: given, ...shape }: Run) => {
      rows = given;
      const workflowId = `sample-${Date.now()}`;
      const handle = await client.workflow.start('processBatch', {
        taskQueue,
        workflowId,
        args: [{ records: given.length, ...shape }],
      });
      const processed = await handle.result();
      return { processed, workflowId };
    },
    /** Events of one record: its child's, and those that it leaves in its window. */
    events: async (workflowId: string) => {
      const lengths = await Promise.all(
        [`${workflowId}/window-0/record-0`, workflowId].map(async (id) => {
          const { historyLength } = await client.workflow.getHandle(id).describe();
          return historyLength;
        }),
      );
      return lengths[0];
    },
  },
  async () => {
    worker.shutdown();
    await running;
    await sql.end({ timeout: 5 });
  },
);
