import { readFileSync } from 'node:fs';
import { systemClock as clock } from '../../src/runtime/clock.ts';
import { createGuardedFetch } from '../../src/runtime/egress/fetch.ts';
import { createEgressGuard } from '../../src/runtime/egress/guard.ts';
import { startFilteringProxy } from '../../src/runtime/egress/proxy.ts';
import { createBrowserPool } from '../../src/sites/browser/pool.ts';
import { createSiteFetcher } from '../../src/sites/fetch/index.ts';
import { fetchUserAgent } from '../../src/sites/user-agent.ts';
import { serveCalls } from '../harness/serve-calls.mjs';
import { fromHtml, IN_PAGE } from './extract.mjs';

type Asked = {
  urls: string[];
  allowTargets: string;
  authorityFile: string;
  chromium: string;
  concurrency: number;
};
type Pages = Record<string, unknown>;

const DEADLINE_MS = 60_000;

/** A fresh context behind the filtering proxy for each page, in a browser that is replaced after 50, as the worker has it. */
async function browser({ urls, allowTargets, chromium, concurrency }: Asked): Promise<Pages> {
  const guard = createEgressGuard({ allowTargets });
  const pool = createBrowserPool({
    executablePath: chromium,
    sandbox: 'on',
    rendererMemoryMb: 1_000,
    maxSites: 50,
    maxMemoryMb: 2_500,
    startProxy: () => startFilteringProxy({ guard }),
  });
  const signal = new AbortController().signal;
  const look = (url: string) =>
    pool.withSite({ signal, deadlineMs: DEADLINE_MS }, (site) =>
      site.withPage({ device: 'desktop', deadlineMs: DEADLINE_MS }, async (page) => {
        await page.goto(url, { waitUntil: 'load' });
        return await page.evaluate(IN_PAGE);
      }),
    );
  try {
    return await collect(urls, concurrency, look);
  } finally {
    await pool.close();
  }
}

/** The look over HTTP that comes before any browser: redirects, certificate and robots included. */
async function http({ urls, allowTargets, authorityFile, concurrency }: Asked): Promise<Pages> {
  const guard = createEgressGuard({ allowTargets });
  const extraCa = readFileSync(authorityFile, 'utf8');
  const guardedFetch = createGuardedFetch({ guard, userAgent: fetchUserAgent(undefined), clock, extraCa });
  const fetcher = createSiteFetcher({ guardedFetch, clock });
  return collect(urls, concurrency, async (url) => {
    const { html } = await fetcher.fetchSite({ url, schemeGiven: true });
    return fromHtml(html);
  });
}

async function collect(
  urls: readonly string[],
  concurrency: number,
  look: (url: string) => Promise<unknown>,
): Promise<Pages> {
  const found: Pages = {};
  const left = [...urls];
  const one = async (): Promise<void> => {
    for (let url = left.shift(); url !== undefined; url = left.shift()) found[url] = await look(url);
  };
  await Promise.all(Array.from({ length: concurrency }, one));
  return found;
}

serveCalls({ browser, http });
