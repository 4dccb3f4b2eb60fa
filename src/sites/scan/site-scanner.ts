import type { Page } from 'playwright-core';
import { parseTarget } from '../../runtime/egress/address.ts';
import type { EgressGuard } from '../../runtime/egress/guard.ts';
import type { DeviceName } from '../browser/devices.ts';
import type { WithMachineLock } from '../browser/machine-lock.ts';
import type { BrowserPool } from '../browser/pool.ts';
import type { Screenshot } from '../browser/screenshot.ts';
import { visitSite } from '../browser/visit.ts';
import type { FetchFacts, LinkCheck } from '../fetch/facts.ts';
import type { SiteFetcher } from '../fetch/site-fetcher.ts';
import type { LighthouseFacts } from '../lighthouse/facts.ts';
import type { LighthouseRunner } from '../lighthouse/run.ts';
import { collectPage } from '../page/collect.ts';
import type { PageFacts, ViewportFacts } from '../page/facts.ts';
import { refuseWall } from './refuse-wall.ts';

/** When to give up: at the signal, and after a time of the caller's, else after the step's usual one. */
export type Limits = { signal: AbortSignal; timeoutMs?: number };

/** Opens strangers' sites in the four ways of a triage; every byte passes the egress guard. */
export type SiteScanner = {
  /** Asks over HTTP; a URL without scheme is tried over https first. Throws the hold of a site that gives none. */
  fetchSite(request: { url: string } & Limits): Promise<FetchFacts>;
  /** Shows the page to a phone and a desktop. */
  inspectPage(request: { url: string; fetch: FetchFacts } & Limits): Promise<InspectedPage>;
  checkLinks(request: { pageUrl: string; links: string[] } & Limits): Promise<LinkCheck[]>;
  measurePage(request: { url: string } & Limits): Promise<LighthouseFacts>;
};

export type InspectedPage = { page: PageFacts; phone: Screenshot; desktop: Screenshot };

export type ScannerDeps = {
  guard: EgressGuard;
  fetcher: SiteFetcher;
  pool: BrowserPool;
  withMachineLock: WithMachineLock;
  lighthouse: LighthouseRunner;
};

type Seen = { facts: ViewportFacts; html: string };

const MAX_HTML = 1_000_000;

/** Joins fetcher, browser and Lighthouse of one worker process. */
export function createSiteScanner(deps: ScannerDeps): SiteScanner {
  return {
    async fetchSite({ url, ...limits }) {
      const target = parseTarget(url, { isAllowed: deps.guard.isAllowed });
      const { facts } = await deps.fetcher.fetchSite({ ...target, ...limits });
      return facts;
    },
    async inspectPage({ url, fetch, ...limits }) {
      const { pool, withMachineLock } = deps;
      const visit = await visitSite<Seen>({ pool, withMachineLock, url, ...limits, collect: look });
      const { phone, desktop } = visit;
      for (const { final_url, answer, facts } of [phone, desktop]) {
        refuseWall({
          url: final_url,
          requestedUrl: fetch.requested_url,
          answer: answer ?? { status: fetch.status, headers: fetch.headers },
          html: facts.html,
        });
      }
      const page = {
        final_url: visit.final_url,
        phone: phone.facts.facts,
        desktop: desktop.facts.facts,
        events: visit.events,
        blocked: visit.blocked,
      };
      return { page, phone: phone.screenshot, desktop: desktop.screenshot };
    },
    checkLinks: (request) => deps.fetcher.checkLinks(request),
    measurePage: (request) => deps.lighthouse.run(request),
  };
}

async function look(page: Page, device: DeviceName): Promise<Seen> {
  const facts = await collectPage(page, device);
  return { facts, html: (await page.content()).slice(0, MAX_HTML) };
}
