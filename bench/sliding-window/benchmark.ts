import { join } from 'node:path';
import type { ApiClient } from '../../src/cli/client.ts';
import type { BenchContext, Benchmark, Figures, Lane, PairedBenchmark, Side } from '../harness/benchmark.ts';
import { importWhole } from '../harness/imports.ts';
import { type Peer, startPeer, versionOf } from '../harness/peers.ts';
import { startServers } from '../harness/servers.ts';
import { type BenchStack, startBenchStack } from '../harness/stack.ts';
import { eventsOfImport } from './events.ts';
import { type LeadsFile, makeLeadsFile } from './leads-file.ts';

/** Benchmark 7: an import against a workflow for each lead, and against what the database alone can do. */
export const slidingWindow: Benchmark = {
  title: 'Import of 10,000 leads',
  needsPeers: false,
  kind: 'paired',
  open,
};

/** More generous than the sample's own 3 partitions of 10. */
const SHAPE = { partitions: 4, pageSize: 100, windowSize: 50 };
const MAX_EVENTS_PER_LEAD = 0.1;
const OPTIONS = { triage: false, pollMs: 50 };

async function open(context: BenchContext): Promise<PairedBenchmark> {
  const file = makeLeadsFile(context.quick ? 500 : 10_000);
  const smallFile = makeLeadsFile(context.quick ? 100 : 1_000);
  const stack = await startBenchStack(context, { on: await startServers(context) });
  await stack.admin`create table sample_leads (domain text primary key, url text not null, company_name text,
    city text, created_at timestamptz not null default now())`;
  const environment = {
    BARE_DATABASE_URL: stack.variables.DATABASE_ADMIN_URL ?? '',
    TEMPORAL_ADDRESS: stack.variables.TEMPORAL_ADDRESS ?? '',
  };
  const peer = (name: string): Promise<Peer> => startPeer(join(import.meta.dirname, name), environment);
  const [sample, ceiling] = [await peer('sample.ts'), await peer('ceiling.ts')];
  const side = (of: LeadsFile) => ourSide(stack, of, context.signal);
  const check = () => checkOurs(stack, file, context.signal);
  return {
    conditions: [
      `One file of ${file.rows.length} lines with ${file.leads} leads: 3 % of the lines have no usable URL, 5 % name a lead once more.`,
      'Ours is uploaded over HTTP into a tenant of its own and imported without scans, until the API says that it is completed: each line is validated, kept with its errors, and each lead written under row-level security, with its event.',
      `The sample runs ${SHAPE.partitions} windows of ${SHAPE.windowSize} children; its table has no policies, no events and nothing to tell about bad lines. It is compared on a file of ${smallFile.rows.length} lines, since a workflow for each of ${file.rows.length} takes it a quarter of an hour or more; ours loses by that, as it costs the same to begin.`,
      `Both use one PostgreSQL that keeps what it commits, and one Temporal with the settings of docker-compose.yml, which keeps its histories there.`,
    ],
    versions: { ...stack.versions, 'Temporal SDK': versionOf('@temporalio/worker') },
    lanes: [
      sampleLane(stack, smallFile, sample, { ours: side(smallFile), check }),
      {
        id: 'ceiling',
        title: 'Against COPY and one INSERT',
        peer: {
          name: 'COPY into a temporary table, INSERT ON CONFLICT DO NOTHING',
          roots: () => [ceiling.pid, ...stack.servers],
          prepare: () => emptyTable(stack),
          run: () => timed(file, () => ceiling.call('run', file.csv)),
        },
        ours: side(file),
        metrics: [
          { key: 'lines_s', title: 'lines/s', target: { least: 0.3 } },
          { key: 'cpu_s', title: 'CPU seconds, servers included' },
        ],
        sameWork: async () => {
          await emptyTable(stack);
          await ceiling.call('run', file.csv);
          return requireLeads(stack, file, 'COPY');
        },
      },
    ],
    close: async () => {
      await Promise.all([sample.stop(), ceiling.stop()]);
      await stack.close();
    },
  };
}

function sampleLane(
  stack: BenchStack,
  file: LeadsFile,
  sample: Peer,
  { ours, check }: { ours: Side; check: () => Promise<string> },
): Lane {
  const run = () => sample.call<{ workflowId: string }>('run', { ...SHAPE, rows: file.rows });
  return {
    id: 'sample',
    title: 'Against a sliding window of one child workflow for each lead',
    peer: {
      name: "the shape of Temporal's sliding-window sample, its sleep replaced by the upsert",
      roots: () => [sample.pid, ...stack.servers],
      prepare: () => emptyTable(stack),
      run: () => timed(file, run),
    },
    ours,
    metrics: [
      { key: 'lines_s', title: 'lines/s', target: { least: 10 } },
      { key: 'cpu_s', title: 'CPU seconds, servers included' },
      { key: 'peak_mb', title: 'peak memory in MB, servers included' },
    ],
    sameWork: async () => {
      await emptyTable(stack);
      const { workflowId } = await run();
      const childEvents = await sample.call<number>('events', workflowId);
      const same = await requireLeads(stack, file, 'the sample');
      return `${same}; ${await check()}; the sample leaves ${childEvents} events in the child of each line alone`;
    },
  };
}

function ourSide(stack: BenchStack, file: LeadsFile, signal: AbortSignal): Side {
  let client: ApiClient;
  return {
    name: 'POST /v1/batches until the batch is completed',
    roots: () => [stack.api, stack.worker, ...stack.servers],
    prepare: async () => {
      ({ client } = await stack.newTenant('import'));
    },
    run: () => timed(file, () => importWhole(client, file.csv, { ...OPTIONS, signal })),
  };
}

async function timed(file: LeadsFile, work: () => Promise<unknown>): Promise<Figures> {
  const startedMs = performance.now();
  await work();
  return { lines_s: file.rows.length / ((performance.now() - startedMs) / 1000) };
}

/** The rows of our import, again after a second one of the same file, and the events that it left. */
async function checkOurs(stack: BenchStack, file: LeadsFile, signal: AbortSignal): Promise<string> {
  const { id, client } = await stack.newTenant('check');
  const count = async (): Promise<number> => {
    const [row] = await stack.admin`select count(*)::int as leads from leads where tenant_id = ${id}`;
    return row?.leads;
  };
  const batch = await importWhole(client, file.csv, { ...OPTIONS, signal });
  if ((await count()) !== file.leads) throw new Error(`our import made ${await count()} leads`);
  const perLead = (await eventsOfImport(stack, id, batch.id)) / file.rows.length;
  await importWhole(client, file.csv, { ...OPTIONS, signal });
  if ((await count()) !== file.leads) throw new Error('importing the file again added leads');
  const verdict = perLead < MAX_EVENTS_PER_LEAD ? 'met' : 'missed';
  return `importing ours again added none; ours leaves ${perLead.toFixed(4)} history events per line (target: below ${MAX_EVENTS_PER_LEAD}, ${verdict})`;
}

async function emptyTable({ admin }: BenchStack): Promise<void> {
  await admin`truncate sample_leads`;
}

async function requireLeads({ admin }: BenchStack, file: LeadsFile, who: string): Promise<string> {
  const [row] = await admin`select count(*)::int as leads from sample_leads`;
  if (row?.leads !== file.leads) throw new Error(`${who} made ${row?.leads} leads of ${file.leads}`);
  return `both make ${file.leads} leads`;
}
