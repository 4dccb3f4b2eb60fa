import { createHash } from 'node:crypto';
import type { SiteHoldError } from '../../kernel/holds.ts';
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
import { mayBeHtml, whyUnusable } from './usable.ts';

const MAX_PAGE_BYTES = 5 * 1024 * 1024;
const PAGE_TIMEOUT_MS = 20_000;
const MAX_HEADER_CHARACTERS = 1_000;

export type SiteRequest = {
  url: string;
  /** False when nobody said http or https: then http is tried where https gives no page of the business. */
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
    const session = guardedFetch.open({ tls: 'judge', inLine: true });
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
  const { page, html, hold } = await fetchPage(session, request);
  const durationMs = Math.round(performance.now() - startedAt);
  if (hold !== null) throw hold;
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

type AskedPage = { page: Fetched; html: string; hold: SiteHoldError | null };

/** https first; http only where nobody asked for https and the business is not to be had in it. */
async function fetchPage(session: FetchSession, request: SiteRequest): Promise<AskedPage> {
  const other = httpInstead(request);
  try {
    const first = await judged(session, request, request.url);
    if (other === null || !isHostersPage(first)) return first;
    const second = await judged(session, request, other).catch(orNothing);
    return second?.hold === null ? second : first;
  } catch (error) {
    if (other === null || !cannotBeSpokenTo(error)) throw error;
    return await judged(session, request, other);
  }
}

async function judged(session: FetchSession, request: SiteRequest, url: string): Promise<AskedPage> {
  const page = await askForPage(session, url, request);
  const html = decodeHtml(page.body, page.headers['content-type']);
  return { page, html, hold: whyUnusable({ page, html, requestedUrl: request.url }) };
}

function httpInstead({ url, schemeGiven }: SiteRequest): string | null {
  return schemeGiven || !url.startsWith('https:') ? null : url.replace(/^https:/, 'http:');
}

/** Where many sites share a server, its own certificate and page answer over https for those without any. */
function isHostersPage({ page, hold }: AskedPage): boolean {
  if (page.certificate?.fault !== 'invalid') return false;
  return hold?.hold.code === 'domain_parked' || hold?.hold.code === 'http_error';
}

function cannotBeSpokenTo(error: unknown): boolean {
  if (!(error instanceof FetchFault)) return false;
  return error.code === 'unreachable' && !error.noSuchHost && error.hops.length === 0;
}

function orNothing(error: unknown): null {
  if (error instanceof FetchFault) return null;
  throw error;
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
