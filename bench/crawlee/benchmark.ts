import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { findChromium } from '../../src/stack/chromium/find.ts';
import type {
  BenchContext,
  Benchmark,
  Figures,
  Lane,
  Metric,
  PairedBenchmark,
  Side,
} from '../harness/benchmark.ts';
import { type Peer, startPeer, versionOf } from '../harness/peers.ts';
import { serveBenchSites } from '../harness/sites.ts';
import { writeSmallSites } from '../harness/small-sites.ts';

/** Benchmark 3: our browser and our look over HTTP against Crawlee's, reading the same of the same pages. */
export const crawlee: Benchmark = {
  title: 'Collecting 300 pages against Crawlee',
  needsPeers: true,
  kind: 'paired',
  open,
};

type Pages = Record<string, unknown>;

async function open(context: BenchContext): Promise<PairedBenchmark> {
  const { dataDir, environment, progress } = context;
  const sites = await serveBenchSites(
    context,
    writeSmallSites(join(dataDir, 'sites'), context.quick ? 20 : 300),
  );
  const chromium = await findChromium({ environment, progress, allowInstall: true });
  const peers = [
    await startPeer(join(import.meta.dirname, 'crawlee.mjs')),
    await startPeer(join(import.meta.dirname, 'collector.ts')),
  ] as const;
  const asked = {
    urls: sites.urls,
    address: sites.address,
    allowTargets: sites.environment.AGOS_ALLOW_TARGETS,
    authorityFile: sites.environment.AGOS_EXTRA_CA,
    chromium: chromium.path,
  };
  return {
    conditions: [
      `${sites.urls.length} small pages of as many host names on this machine, each side with the same number of pages at once. The server of the pages counts for neither.`,
      'Ours opens each page in a fresh context behind a filtering proxy of its own, with a sandbox, and follows robots.txt and certificates over HTTP; Crawlee shares its contexts and ignores certificates.',
    ],
    versions: {
      Crawlee: versionOf('@crawlee/playwright'),
      Playwright: versionOf('playwright-core'),
      Chromium: chromium.version,
    },
    lanes: [
      laneOf('browser', 'In the browser, two pages at once', peers, { ...asked, concurrency: 2 }, [
        { key: 'pages_min', title: 'pages/min', target: { least: 1.1 } },
        { key: 'peak_mb', title: 'peak memory in MB', target: { most: 0.8 } },
        { key: 'cpu_s', title: 'CPU seconds' },
      ]),
      laneOf('http', 'Over HTTP alone, ten pages at once', peers, { ...asked, concurrency: 10 }, [
        { key: 'pages_min', title: 'pages/min', target: { least: 0.9 } },
        { key: 'peak_mb', title: 'peak memory in MB' },
        { key: 'cpu_s', title: 'CPU seconds' },
      ]),
    ],
    close: async () => {
      await Promise.all(peers.map((peer) => peer.stop()));
      await sites.close();
    },
  };
}

function laneOf(
  id: 'browser' | 'http',
  title: string,
  [theirs, ours]: readonly [Peer, Peer],
  asked: { urls: string[]; concurrency: number },
  metrics: readonly Metric[],
): Lane {
  const side = (name: string, peer: Peer): Side => ({
    name,
    roots: () => [peer.pid],
    run: async (): Promise<Figures> => {
      const startedMs = performance.now();
      await peer.call<Pages>(id, asked);
      return { pages_min: (asked.urls.length * 60_000) / (performance.now() - startedMs) };
    },
  });
  return {
    id,
    title,
    peer: side(id === 'browser' ? 'PlaywrightCrawler' : 'CheerioCrawler', theirs),
    ours: side(id === 'browser' ? 'the browser pool of the worker' : 'the fetcher of the worker', ours),
    metrics,
    sameWork: async () => {
      const [one, other] = [await theirs.call<Pages>(id, asked), await ours.call<Pages>(id, asked)];
      const different = asked.urls.find((url) => !one[url] || !isDeepStrictEqual(one[url], other[url]));
      if (different) {
        const [a, b] = [JSON.stringify(one[different]), JSON.stringify(other[different])];
        throw new Error(`${different}: Crawlee read ${a}, ours ${b}`);
      }
      return `both read the same of all ${asked.urls.length} pages`;
    },
  };
}
