import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { startApi } from '../harness/api.ts';
import type {
  BenchContext,
  Benchmark,
  Figures,
  Lane,
  Metric,
  PairedBenchmark,
  Side,
} from '../harness/benchmark.ts';
import { startDatabase } from '../harness/database.ts';
import { type Peer, startPeer, versionOf } from '../harness/peers.ts';
import { type Caller, makeCallers, ROWS } from './callers.ts';

/** Benchmark 8: a list route with authentication and row-level security against the bare query. */
export const bareRoute: Benchmark = {
  title: 'Our route with authentication and row-level security against a bare one',
  needsPeers: true,
  kind: 'paired',
  open,
};

type Server = { name: string; url: string; pid: number; header: (caller: Caller) => Record<string, string> };
type Answers = { requests: number; refused: number; foreign: number; requests_s: number; p95_ms: number };
type Shape = { ceilingSeconds: number; rateSeconds: number };

/** A refusal is quick: more of them would make latencies look good. */
const MOST_REFUSED = 0.01;

const METRICS: readonly Metric[] = [
  { key: 'ceiling_requests_s', title: 'requests/s, 50 connections without pause', target: { least: 0.7 } },
  { key: 'p95_half_ms', title: 'p95 in ms at half of the lower ceiling', target: { most: 1.3 } },
  { key: 'p95_most_ms', title: 'p95 in ms at 80 % of it', target: { most: 1.3 } },
  { key: 'cpu_s', per: 'thousands', title: 'CPU seconds for 1,000 requests, server and database' },
  { key: 'peak_mb', title: 'peak memory in MB, server and database' },
];

async function open(context: BenchContext): Promise<PairedBenchmark> {
  const shape = context.quick
    ? { ceilingSeconds: 3, rateSeconds: 3 }
    : { ceilingSeconds: 10, rateSeconds: 15 };
  const database = await startDatabase(context);
  const callers = await makeCallers(database.admin);
  const api = await startApi(context, database.urls);
  const bare = async (file: string): Promise<Peer> =>
    startPeer(join(import.meta.dirname, file), { BARE_DATABASE_URL: database.adminUrl });
  const [hono, fastify] = [await bare('bare-hono.mjs'), await bare('bare-fastify.mjs')];
  const load = await startPeer(join(import.meta.dirname, 'load.mjs'));
  const bearer = ({ key }: Caller) => ({ authorization: `Bearer ${key}` });
  const ours = { name: 'GET /v1/leads', url: `${api.url}/v1/leads?limit=20`, pid: api.pid, header: bearer };
  const tenant = ({ id }: Caller) => ({ 'x-tenant': id });
  const bareServer = async (name: string, peer: Peer): Promise<Server> => {
    const url = `http://127.0.0.1:${await peer.call<number>('port')}/leads`;
    return {
      name: `${name} ${versionOf(name.toLowerCase())} and postgres.js`,
      url,
      pid: peer.pid,
      header: tenant,
    };
  };
  const lane = async (id: string, title: string, peer: Server): Promise<Lane> => {
    const rates = await ratesFor(load, callers, [peer, ours], shape);
    const side = (server: Server) =>
      sideOf(load, callers, server, { ...shape, ...rates, database: database.pid });
    return {
      id,
      title: `${title}, ${rates.half} and ${rates.most} requests/s`,
      peer: side(peer),
      ours: side(ours),
      metrics: METRICS,
      sameWork: () => sameRows(callers, peer, ours),
    };
  };
  return {
    conditions: [
      'A list of the 20 newest of 200 leads, 50 tenants in turn, each answer looked at: every row has to be of the tenant that asked.',
      'The bare servers take the tenant from a header, unproved, and ask as the owner of the tables; ours checks an API key and asks as a role that row-level security binds.',
      'Latencies are counted from the moment a request was due, at a constant rate that is the same for both.',
      `The load comes from autocannon ${versionOf('autocannon')} without pause, and from a sender of our own at a constant rate, since autocannon sends each second's requests in one burst.`,
    ],
    versions: { PostgreSQL: database.version, Hono: versionOf('hono'), Fastify: versionOf('fastify') },
    lanes: [
      await lane('hono', 'Against bare Hono', await bareServer('Hono', hono)),
      await lane('fastify', 'Against bare Fastify', await bareServer('Fastify', fastify)),
    ],
    close: async () => {
      await Promise.all([load.stop(), hono.stop(), fastify.stop(), api.stop()]);
      await database.close();
    },
  };
}

const requests = (callers: readonly Caller[], server: Server) => ({
  url: server.url,
  callers: callers.map((caller) => ({ headers: server.header(caller), mark: caller.mark, rows: ROWS })),
});

/** Rates that both servers can hold, from a first look that warms them too. */
async function ratesFor(load: Peer, callers: readonly Caller[], servers: readonly Server[], shape: Shape) {
  const ceilings: number[] = [];
  for (const server of servers) {
    const found = await load.call<{ requests_s: number }>('ceiling', {
      ...requests(callers, server),
      seconds: shape.ceilingSeconds,
    });
    ceilings.push(found.requests_s);
  }
  const lower = Math.min(...ceilings);
  return { half: Math.round(lower * 0.5), most: Math.round(lower * 0.8) };
}

function sideOf(
  load: Peer,
  callers: readonly Caller[],
  server: Server,
  at: Shape & { half: number; most: number; database: number },
): Side {
  const asked = requests(callers, server);
  const ask = (how: string, more: object) => load.call<Answers>(how, { ...asked, ...more });
  return {
    name: server.name,
    roots: () => [server.pid, at.database],
    run: async (): Promise<Figures> => {
      const half = await ask('atRate', { rate: at.half, seconds: at.rateSeconds });
      const most = await ask('atRate', { rate: at.most, seconds: at.rateSeconds });
      const top = await ask('ceiling', { seconds: at.ceilingSeconds });
      const all = [half, most, top];
      const sum = (key: 'foreign' | 'refused' | 'requests') =>
        all.reduce((total, one) => total + one[key], 0);
      if (half.refused + most.refused > (half.requests + most.requests) * MOST_REFUSED) {
        throw new Error(`${server.name}: ${half.refused + most.refused} requests refused at a constant rate`);
      }
      if (sum('foreign') > 0)
        throw new Error(`${server.name}: ${sum('foreign')} answers with rows of others`);
      return {
        ceiling_requests_s: top.requests_s,
        p95_half_ms: half.p95_ms,
        p95_most_ms: most.p95_ms,
        thousands: sum('requests') / 1_000,
        refused: sum('refused'),
      };
    },
  };
}

async function sameRows(callers: readonly Caller[], peer: Server, ours: Server): Promise<string> {
  for (const caller of callers) {
    const [theirs, own] = await Promise.all(
      [peer, ours].map(async (server) => {
        const answer = await fetch(server.url, { headers: server.header(caller) });
        return ((await answer.json()) as { data: unknown[] }).data;
      }),
    );
    if (theirs?.length !== ROWS || !isDeepStrictEqual(theirs, own)) {
      throw new Error(`${peer.name} and ours answer tenant ${caller.mark} differently`);
    }
  }
  return `${callers.length} tenants get the same ${ROWS} rows, field by field, from both`;
}
