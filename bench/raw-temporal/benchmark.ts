import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type {
  BenchContext,
  Benchmark,
  Figures,
  Lane,
  Metric,
  PairedBenchmark,
  Side,
} from '../harness/benchmark.ts';
import { makeTenant } from '../harness/database.ts';
import { startPeer, versionOf } from '../harness/peers.ts';
import { startPreparedServers } from '../harness/servers.ts';

/** Benchmark 4: what our layer costs on top of the SDK. */
export const rawTemporal: Benchmark = {
  title: 'Five activities through our layer against the plain Temporal SDK',
  needsPeers: false,
  kind: 'paired',
  open,
};

/** On one queue Temporal hands an activity to the worker that asked for it; ours are apart, so that each kind scales. */
type Queues = 'one' | 'two';
type Admin = Awaited<ReturnType<typeof startPreparedServers>>;

const AT_ONCE = 20;
const METRICS: readonly Metric[] = [
  { key: 'cpu_s', title: 'CPU seconds for all workflows, servers included', target: { most: 1.15 } },
  { key: 'p95_ms', title: 'p95 from request to result in ms', target: { most: 1.2 } },
  { key: 'events', title: 'history events of one workflow', target: { most: 1 } },
  { key: 'per_s', title: 'workflows/s' },
  { key: 'peak_mb', title: 'peak memory in MB, servers included' },
];

async function open(context: BenchContext): Promise<PairedBenchmark> {
  const how = { runs: context.quick ? 60 : 300, atOnce: AT_ONCE };
  const servers = await startPreparedServers(context);
  await makeTables(servers);
  const { key } = await makeTenant(servers.admin, 'five steps');
  const raw = await startPeer(join(import.meta.dirname, 'raw.ts'), {
    ...servers.variables,
    BARE_DATABASE_URL: servers.variables.DATABASE_ADMIN_URL ?? '',
  });
  const ours = await startPeer(join(import.meta.dirname, 'ours.ts'), {
    ...servers.variables,
    OUR_KEY: key,
    AGOS_PAYLOAD_KEYS: `bench-1:${randomBytes(32).toString('base64')}`,
  });
  const side = (name: string, peer: typeof raw, queues?: Queues): Side => ({
    name,
    roots: () => [peer.pid, ...servers.pids],
    run: () => peer.call<Figures>('run', { ...how, queues }),
  });
  const few = { runs: AT_ONCE, atOnce: AT_ONCE };
  const lane = (queues: Queues, about: { id: string; title: string; peer: string }): Lane => ({
    id: about.id,
    title: about.title,
    peer: side(about.peer, raw, queues),
    ours: side('route, gateway, codec, doors and worker of AgOS', ours),
    metrics: METRICS,
    sameWork: async () => {
      await servers.admin`truncate raw_steps, our_steps`;
      await Promise.all([raw.call('run', { ...few, queues }), ours.call('run', few)]);
      return requireSameRows(servers);
    },
  });
  return {
    conditions: [
      `${how.runs} workflows, ${AT_ONCE} at once, each of five activities in a row that write one row each; the rows of both lie in one PostgreSQL that keeps what it commits.`,
      'The raw side starts workflows by the client alone and writes as the owner of the tables. Ours is asked by a request with an API key, commits run and audit row, starts by the gateway with search attributes and fairness key, encrypts every payload, and writes under row-level security; the first step claims the run and the last one ends it. The request is made in the process of the route, and metrics and traces are off.',
      `Both use the same Temporal, with the settings of docker-compose.yml, which keeps its histories in the same PostgreSQL.`,
    ],
    versions: { ...servers.versions, 'Temporal SDK': versionOf('@temporalio/worker') },
    lanes: [
      lane('one', {
        id: 'five-steps',
        title: `Five steps, ${AT_ONCE} workflows at once`,
        peer: 'client and worker of the SDK, workflows and activities on one queue',
      }),
      lane('two', {
        id: 'five-steps-apart',
        title: 'The same, the SDK too with activities on a queue of their own',
        peer: 'client and workers of the SDK, activities on a queue of their own',
      }),
    ],
    close: async () => {
      await Promise.all([raw.stop(), ours.stop()]);
      await servers.close();
    },
  };
}

/** The same columns and keys for both; ours is a tenant's table, as every one of AgOS. */
async function makeTables({ admin }: Admin): Promise<void> {
  await admin.unsafe(`
    create table raw_steps (run_id uuid, step int, at timestamptz not null default now(), primary key (run_id, step));
    create table our_steps (tenant_id uuid not null references tenants (id), run_id uuid, step int,
      at timestamptz not null default now(), primary key (tenant_id, run_id, step));
    alter table our_steps enable row level security;
    alter table our_steps force row level security;
    create policy our_steps_tenant on our_steps to agos_app
      using (tenant_id = (select agos_tenant())) with check (tenant_id = (select agos_tenant()));
    grant select, insert on our_steps to agos_app;`);
}

async function requireSameRows({ admin }: Admin): Promise<string> {
  const steps = await admin`select
    (select array_agg(n order by n) from (select count(*)::int n from raw_steps group by run_id) r) raw,
    (select array_agg(n order by n) from (select count(*)::int n from our_steps group by run_id) o) ours`;
  const all = (counts: number[]): boolean => counts.length === AT_ONCE && counts.every((one) => one === 5);
  if (!all(steps[0]?.raw) || !all(steps[0]?.ours)) throw new Error('the sides did not write the same rows');
  return `${AT_ONCE} workflows of each write 5 rows each`;
}
