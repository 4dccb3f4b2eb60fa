import {
  allowTargets,
  createAuthority,
  freeLoopbackAddress,
  type Site,
  serveSites,
  siteUrl,
} from '../../examples/server/index.ts';
import { createGuardedFetch } from '../../src/runtime/egress/fetch.ts';
import { createEgressGuard } from '../../src/runtime/egress/guard.ts';
import { createMachineLock } from '../../src/sites/browser/machine-lock.ts';
import type { FetchFacts } from '../../src/sites/fetch/facts.ts';
import { createSiteFetcher, type LinkCheck } from '../../src/sites/fetch/index.ts';
import type { LighthouseFacts } from '../../src/sites/lighthouse/facts.ts';
import { createLighthouseRunner } from '../../src/sites/lighthouse/run.ts';
import type { PageFacts } from '../../src/sites/page/facts.ts';
import { createSiteScanner } from '../../src/sites/scan/site-scanner.ts';
import { fetchUserAgent } from '../../src/sites/user-agent.ts';
import { testPool } from '../support/test-browser.ts';

const PORT = 8443;

export type Scanned = {
  fetch: FetchFacts;
  page: PageFacts;
  links: LinkCheck[];
  lighthouse: LighthouseFacts | null;
  pictures: { phone: Uint8Array; desktop: Uint8Array };
};

export type ConfusionScanner = { scan(site: Site): Promise<Scanned>; close(): Promise<void> };

/** Serves the sites under their own names and makes a scanner of the real parts for them. */
export async function startScanner(options: {
  folders: string[];
  now: Date;
  fast: boolean;
}): Promise<ConfusionScanner> {
  const authority = await createAuthority(options.now);
  const address = await freeLoopbackAddress(PORT);
  const { folders, now } = options;
  const server = await serveSites({ folders, address, port: PORT, authority, now });
  const targets = allowTargets(server.hosts, address, PORT);
  const clock = { now: () => now };
  const guard = createEgressGuard({ allowTargets: targets });
  const extraCa = authority.certificatePem;
  const guardedFetch = createGuardedFetch({ guard, userAgent: fetchUserAgent(), clock, extraCa });
  const pool = await testPool(targets);
  const withMachineLock = createMachineLock();
  const scanner = createSiteScanner({
    guard,
    fetcher: createSiteFetcher({ guardedFetch, clock }),
    pool,
    withMachineLock,
    lighthouse: createLighthouseRunner({ pool, withMachineLock }),
  });
  return {
    scan: (site) => scanSite(scanner, siteUrl(site, PORT), options.fast),
    async close() {
      await pool.close();
      await server.close();
    },
  };
}

async function scanSite(
  scanner: ReturnType<typeof createSiteScanner>,
  url: string,
  fast: boolean,
): Promise<Scanned> {
  const { signal } = new AbortController();
  const fetch = await scanner.fetchSite({ url, signal });
  const { page, phone, desktop } = await scanner.inspectPage({ url: fetch.final_url, fetch, signal });
  const links = await scanner.checkLinks({ pageUrl: page.final_url, links: page.desktop.links, signal });
  const lighthouse = fast ? null : await scanner.measurePage({ url: page.final_url, signal });
  return { fetch, page, links, lighthouse, pictures: { phone: phone.jpeg, desktop: desktop.jpeg } };
}
