import { createHash } from 'node:crypto';
import type { Clock } from '../../runtime/clock.ts';
import type { Fetched, FetchSession, GuardedFetch } from '../../runtime/egress/fetch.ts';
import { FetchFault } from '../../runtime/egress/fetch-fault.ts';
import { decodeHtml } from './charset.ts';
import { checkLinksOf, type LinkRequest } from './check-links.ts';
import type { CertificateFacts, FetchFacts, LinkCheck } from './facts.ts';
import { toSiteHold } from './holds.ts';
import { scanHtml } from './html-scan.ts';
import { metaRefreshTarget } from './meta-refresh.ts';
import { judgePageKind } from './page-kind.ts';
import { fetchRobots, robotsFactsFor } from './robots.ts';
import { checkUsable, mayBeHtml } from './usable.ts';

const MAX_PAGE_BYTES = 5 * 1024 * 1024;
const PAGE_TIMEOUT_MS = 20_000;
const MAX_HEADER_CHARACTERS = 1_000;

export type SiteRequest = {
  url: string;
  /** False when nobody said http or https: then http is tried where https cannot be had. */
  schemeGiven: boolean;
  signal?: AbortSignal | undefined;
  /** For the page with its redirects. */
  timeoutMs?: number;
};

/** Opens a site over HTTP, without a browser. */
export type SiteFetcher = {
  /** Throws SiteHoldError when there is no page to look at. */
  fetchSite(request: SiteRequest): Promise<{ facts: FetchFacts; html: string }>;
  checkLinks(request: LinkRequest): Promise<LinkCheck[]>;
};

export type SiteFetcherDeps = { guardedFetch: GuardedFetch; clock: Clock };

/** Makes the fetcher of a worker; certificate faults are reported, never a reason to stop. */
export function createSiteFetcher({ guardedFetch, clock }: SiteFetcherDeps): SiteFetcher {
  async function inSession<T>(work: (session: FetchSession) => Promise<T>): Promise<T> {
    const session = guardedFetch.open({ tls: 'judge' });
    try {
      return await work(session);
    } catch (error) {
      throw error instanceof FetchFault ? toSiteHold(error) : error;
    } finally {
      await session.close();
    }
  }
  return {
    fetchSite: (request) => inSession((session) => fetchSite(session, clock, request)),
    checkLinks: (request) => inSession((session) => checkLinksOf(session, request)),
  };
}

async function fetchSite(
  session: FetchSession,
  clock: Clock,
  request: SiteRequest,
): Promise<{ facts: FetchFacts; html: string }> {
  const startedAt = performance.now();
  const fetchedAt = clock.now();
  const page = await fetchPage(session, request);
  const durationMs = Math.round(performance.now() - startedAt);
  const html = decodeHtml(page.body, page.headers['content-type']);
  checkUsable({ page, html, requestedUrl: request.url });
  const robots = await fetchRobots(session, page.url, request.signal);
  const facts: FetchFacts = {
    requested_url: request.url,
    final_url: page.url,
    hops: page.hops,
    status: page.status,
    headers: cutHeaders(page.headers),
    certificate: certificateFacts(page),
    robots: robotsFactsFor(robots, page.url),
    html_bytes: page.body.length,
    html_sha256: createHash('sha256').update(page.body).digest('hex'),
    fetched_at: fetchedAt.toISOString(),
    duration_ms: durationMs,
  };
  return { facts, html };
}

/** https first; http only where nobody asked for https and its host cannot be spoken to in it. */
async function fetchPage(session: FetchSession, request: SiteRequest): Promise<Fetched> {
  try {
    return await askForPage(session, request.url, request);
  } catch (error) {
    const other = httpInstead(request, error);
    if (other === null) throw error;
    return await askForPage(session, other, request);
  }
}

function httpInstead({ url, schemeGiven }: SiteRequest, error: unknown): string | null {
  if (schemeGiven || !url.startsWith('https:') || !(error instanceof FetchFault)) return null;
  if (error.code !== 'unreachable' || error.noSuchHost || error.hops.length > 0) return null;
  return url.replace(/^https:/, 'http:');
}

function askForPage(
  session: FetchSession,
  url: string,
  { signal, timeoutMs = PAGE_TIMEOUT_MS }: SiteRequest,
): Promise<Fetched> {
  return session.fetch({
    url,
    signal,
    maxBytes: MAX_PAGE_BYTES,
    timeoutMs,
    wantsBody: ({ status, headers }) => status >= 400 || mayBeHtml(headers),
    redirectIn: (answer) => {
      const html = decodeHtml(answer.body, answer.headers['content-type']);
      const target = metaRefreshTarget(scanHtml(html), answer.url);
      return target === null || judgePageKind({ ...answer, html, isRendered: false }) !== null
        ? null
        : target;
    },
  });
}

function certificateFacts({ url, certificate }: Fetched): CertificateFacts {
  if (certificate === null || !url.startsWith('https:')) {
    return { state: 'none', reason: null, valid_to: null, issuer: null, subject: null };
  }
  const { fault, reason, validTo, issuer, subject } = certificate;
  return { state: fault ?? 'valid', reason, valid_to: validTo, issuer, subject };
}

function cutHeaders(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value.slice(0, MAX_HEADER_CHARACTERS)]),
  );
}
