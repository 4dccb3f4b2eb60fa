import type { Fetched, FetchSession } from '../../runtime/egress/fetch.ts';
import { FetchFault } from '../../runtime/egress/fetch-fault.ts';
import type { LinkCheck } from './facts.ts';
import { fetchRobots, type Robots } from './robots.ts';

const MAX_LINKS = 50;
const TOTAL_MS = 20_000;
const ONE_LINK_MS = 5_000;
const GONE = new Set([404, 410]);

export type LinkRequest = {
  pageUrl: string;
  links: string[];
  signal?: AbortSignal | undefined;
  /** For all of them. */
  timeoutMs?: number;
};

/** Asks each same-origin link once, one after the other; what cannot be told in time stays unknown. */
export async function checkLinksOf(session: FetchSession, request: LinkRequest): Promise<LinkCheck[]> {
  const endsAt = performance.now() + (request.timeoutMs ?? TOTAL_MS);
  const urls = distinctLinks(request.pageUrl, request.links);
  if (urls.length === 0) return [];
  const robots = await fetchRobots(session, request.pageUrl, request.signal);
  const checks: LinkCheck[] = [];
  for (const url of urls) {
    const leftMs = endsAt - performance.now();
    checks.push(
      leftMs <= 0
        ? unknown(url, 'not_asked_in_time')
        : await checkLink(session, robots, url, leftMs, request.signal),
    );
  }
  return checks;
}

/** Same-origin addresses without fragments, each once, without the page itself. */
export function distinctLinks(pageUrl: string, links: string[]): string[] {
  const page = new URL(pageUrl);
  page.hash = '';
  const found = new Set<string>();
  for (const link of links) {
    if (!URL.canParse(link, pageUrl)) continue;
    const url = new URL(link, pageUrl);
    url.hash = '';
    if (url.origin === page.origin && url.href !== page.href) found.add(url.href);
    if (found.size === MAX_LINKS) break;
  }
  return [...found];
}

async function checkLink(
  session: FetchSession,
  robots: Robots,
  url: string,
  leftMs: number,
  signal: AbortSignal | undefined,
): Promise<LinkCheck> {
  if (!robots.allows(url)) return unknown(url, 'robots_disallowed');
  const timeoutMs = Math.min(ONE_LINK_MS, leftMs);
  try {
    const head = await ask(session, 'HEAD', url, timeoutMs, signal).catch(orThrowAborted(signal));
    // Servers that do not know HEAD answer it with anything: only GET may call a link broken.
    return judge(
      url,
      head !== null && isFine(head) ? head : await ask(session, 'GET', url, timeoutMs, signal),
    );
  } catch (error) {
    if (!(error instanceof FetchFault)) throw error;
    if (error.noSuchHost) return { url, status: null, outcome: 'broken', reason: 'no_such_host' };
    return unknown(url, error.code);
  }
}

function ask(
  session: FetchSession,
  method: 'HEAD' | 'GET',
  url: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Fetched> {
  return session.fetch({ url, method, maxBytes: 0, wantsBody: () => false, timeoutMs, signal });
}

/** A HEAD that fails says nothing of the link; a caller who gave up ends the work. */
function orThrowAborted(signal: AbortSignal | undefined): (error: unknown) => null {
  return (error) => {
    signal?.throwIfAborted();
    const isFinal = !(error instanceof FetchFault) || error.noSuchHost || error.code.includes('redirect');
    if (isFinal) throw error;
    return null;
  };
}

function isFine({ status }: Fetched): boolean {
  return status >= 200 && status < 300;
}

function judge(url: string, answer: Fetched): LinkCheck {
  if (isFine(answer)) return { url, status: answer.status, outcome: 'ok', reason: null };
  if (GONE.has(answer.status))
    return { url, status: answer.status, outcome: 'broken', reason: `status_${answer.status}` };
  return { url, status: answer.status, outcome: 'unknown', reason: `status_${answer.status}` };
}

function unknown(url: string, reason: string): LinkCheck {
  return { url, status: null, outcome: 'unknown', reason };
}
