import type { Site } from '../../examples/server/index.ts';
import {
  allowTargets,
  createAuthority,
  freeLoopbackAddress,
  serveSites,
  siteUrl,
} from '../../examples/server/index.ts';
import { createGuardedFetch } from '../../src/runtime/egress/fetch.ts';
import { createEgressGuard } from '../../src/runtime/egress/guard.ts';
import { createMachineLock } from '../../src/sites/browser/machine-lock.ts';
import { visitSite } from '../../src/sites/browser/visit.ts';
import type { FetchFacts, LinkCheck } from '../../src/sites/fetch/facts.ts';
import type { LighthouseFacts } from '../../src/sites/lighthouse/facts.ts';
import { createLighthouseRunner } from '../../src/sites/lighthouse/run.ts';
import { collectPage } from '../../src/sites/page/collect.ts';
import type { PageFacts } from '../../src/sites/page/facts.ts';
import { testPool } from '../support/test-browser.ts';
import { checkLinks, fetchFacts } from './fetch-facts.ts';

export type Scanned = {
  fetch: FetchFacts;
  page: PageFacts;
  links: LinkCheck[];
  lighthouse: LighthouseFacts | null;
  pictures: { phone: Buffer; desktop: Buffer };
};

export type SiteScanner = { scan(site: Site): Promise<Scanned>; close(): Promise<void> };

/** Serves the sites under their own names and makes a scanner of the real parts for them. */
export async function startScanner(options: {
  folders: string[];
  now: Date;
  fast: boolean;
}): Promise<SiteScanner> {
  const port = 8443;
  const authority = await createAuthority(options.now);
  const address = await freeLoopbackAddress(port);
  const server = await serveSites({ folders: options.folders, address, port, authority, now: options.now });
  const targets = allowTargets(server.hosts, address, port);
  const guard = createEgressGuard({ allowTargets: targets });
  const fetcher = createGuardedFetch({
    guard,
    userAgent: 'AgOS confusion table',
    clock: { now: () => options.now },
    extraCa: authority.certificatePem,
  });
  const pool = await testPool(targets);
  const withMachineLock = createMachineLock();
  const lighthouse = createLighthouseRunner({ pool, withMachineLock });
  const signal = new AbortController().signal;

  return {
    async scan(site) {
      const fetch = await fetchFacts(fetcher, siteUrl(site, port));
      const visit = await visitSite({
        pool,
        withMachineLock,
        url: fetch.final_url,
        signal,
        collect: collectPage,
      });
      const page = {
        final_url: visit.final_url,
        phone: visit.phone.facts,
        desktop: visit.desktop.facts,
        events: visit.events,
      };
      const links = await checkLinks(fetcher, page.desktop.links);
      const measured = options.fast ? null : await lighthouse.run({ url: visit.final_url, signal });
      const pictures = { phone: visit.phone.screenshot.jpeg, desktop: visit.desktop.screenshot.jpeg };
      return { fetch, page, links, lighthouse: measured, pictures };
    },
    async close() {
      await pool.close();
      await server.close();
    },
  };
}
