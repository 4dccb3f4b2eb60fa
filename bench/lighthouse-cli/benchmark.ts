import { basename, join } from 'node:path';
import type { ApiClient } from '../../src/cli/client.ts';
import { findChromium } from '../../src/stack/chromium/find.ts';
import type { BenchContext, Benchmark, Figures, PairedBenchmark, Side } from '../harness/benchmark.ts';
import { startPeer, versionOf } from '../harness/peers.ts';
import { askForScans, untilScanned } from '../harness/scans.ts';
import { exampleFolders, serveBenchSites } from '../harness/sites.ts';
import { type BenchStack, startBenchStack } from '../harness/stack.ts';
import { writeHeavyPages } from '../lighthouse-agreement/heavy-pages.ts';
import { type Scores, wholeBrowser } from '../lighthouse-agreement/sides.ts';
import { compareScores, scoresOf } from './scores.ts';

/** Benchmark 1: a whole triage against the Lighthouse command line alone. */
export const lighthouseCli: Benchmark = {
  title: 'Triage of 20 sites against the Lighthouse command line',
  needsPeers: false,
  kind: 'paired',
  open,
};

const SITES = 20;
const QUICK_SITES = 3;

async function open(context: BenchContext): Promise<PairedBenchmark> {
  const count = context.quick ? QUICK_SITES : SITES;
  const folders = [...exampleFolders(), ...writeHeavyPages(join(context.dataDir, 'heavy'))].slice(0, count);
  const sites = await serveBenchSites(context, folders);
  const stack = await startBenchStack(context, { extra: sites.environment });
  const { environment, progress } = context;
  const chromium = await findChromium({ environment, progress, allowInstall: true });
  const cli = await startPeer(join(import.meta.dirname, 'cli.ts'));
  const { urls, address } = sites;
  const scan = () => cli.call<Scores[]>('scan', { chromium: wholeBrowser(chromium.path), address, urls });
  return {
    conditions: [
      `${urls.length} sites on this machine. The command line measures one after the other with a new Chromium each (${basename(wholeBrowser(chromium.path))}), four categories, its own settings; ours with ${basename(chromium.path)}.`,
      'Ours does the whole triage, asked for over HTTP: fetch, two screenshots, every signal, every link, Lighthouse, score, summary without a model, report. Its servers, API and worker count; the example sites do not, on either side.',
    ],
    versions: { ...stack.versions, Lighthouse: versionOf('lighthouse'), Chromium: chromium.version },
    lanes: [
      {
        id: 'triage',
        title: `${urls.length} sites, one after the other`,
        peer: {
          name: `lighthouse ${versionOf('lighthouse')}, one run for each site`,
          roots: () => [cli.pid],
          run: () => timed(urls.length, scan),
        },
        ours: ourSide(stack, urls, context),
        metrics: [
          { key: 'sites_h', title: 'sites/h', target: { least: 2.5 } },
          { key: 'cpu_s', title: 'CPU seconds for all sites', target: { most: 0.8 } },
          { key: 'peak_mb', title: 'peak memory in MB' },
        ],
        sameWork: async () => {
          const { client } = await stack.newTenant('agreement');
          const theirs = await scan();
          await askForScans(client, urls);
          const leads = await untilScanned(client, urls.length, quietly(context));
          return compareScores(urls, theirs, await scoresOf(client, leads));
        },
      },
    ],
    close: async () => {
      await cli.stop();
      await stack.close();
      await sites.close();
    },
  };
}

function ourSide(stack: BenchStack, urls: readonly string[], context: BenchContext): Side {
  let client: ApiClient;
  return {
    name: 'POST /v1/leads for each site, until every lead has its result',
    roots: () => [stack.api, stack.worker, ...stack.servers],
    prepare: async () => {
      ({ client } = await stack.newTenant('triage'));
    },
    run: () =>
      timed(urls.length, async () => {
        await askForScans(client, urls);
        const leads = await untilScanned(client, urls.length, quietly(context));
        const held = leads.filter((lead) => lead.hold !== null);
        if (held.length > 0) throw new Error(`${held[0]?.url} was held: ${held[0]?.hold?.message}`);
      }),
  };
}

async function timed(sites: number, work: () => Promise<unknown>): Promise<Figures> {
  const startedMs = performance.now();
  await work();
  return { sites_h: (sites * 3_600) / ((performance.now() - startedMs) / 1000) };
}

const quietly = ({ signal }: BenchContext) => ({ signal, onProgress: () => undefined });
