import type { Response } from 'playwright-core';
import { SiteHoldError } from '../../kernel/holds.ts';

/** proxy-chain answers 590 to 599 where it could not reach a site. */
const FIRST_PROXY_STATUS = 590;

/** What the browser's codes for a page that did not open mean; what none of them names is an unreadable answer. */
const REASONS: [RegExp, string][] = [
  [/^ERR_(?:SSL|CERT|BAD_SSL|ECH|TLS)/, 'it does not speak a secure protocol that browsers accept'],
  [/^ERR_(?:NAME_|DNS_|ICANN)/, 'its name has no address'],
  [/^ERR_CONNECTION_REFUSED/, 'it refuses connections'],
  [
    /^ERR_(?:CONNECTION_TIMED|ADDRESS_|INTERNET_|NETWORK_|TUNNEL_|PROXY_|CONNECTION_FAILED)/,
    'it cannot be reached',
  ],
  [/^ERR_(?:CONNECTION_|EMPTY_|SOCKET_|INCOMPLETE_|ABORTED)/, 'it ends the connection without a full answer'],
  [
    /^ERR_(?:INVALID_REDIRECT|UNSAFE_REDIRECT|UNKNOWN_URL|DISALLOWED_URL)/,
    'it leads on to an address that browsers do not open',
  ],
];

/** Turns Playwright's words for a page that did not open into a hold; anything else stays what it is. */
export function explainNavigationFault(error: unknown, url: string): unknown {
  if (error instanceof SiteHoldError || !(error instanceof Error)) return error;
  const { message } = error;
  if (message.includes('Download is starting')) {
    return new SiteHoldError('not_html', `${url} is a file to download, not a page.`);
  }
  if (message.includes('ERR_TOO_MANY_REDIRECTS')) {
    return new SiteHoldError('too_many_redirects', `${url} redirects without end.`);
  }
  if (message.includes('ERR_TIMED_OUT') || error.name === 'TimeoutError') {
    return new SiteHoldError('page_timeout', `${url} did not answer in time.`);
  }
  const fault = /net::(ERR_[A-Z0-9_]+)/.exec(message)?.[1];
  if (fault === undefined) return error;
  const reason = REASONS.find(([codes]) => codes.test(fault))?.[1] ?? 'its answer cannot be read';
  return new SiteHoldError('unreachable', `The browser could not open ${url}: ${reason}.`);
}

/** Over plain http the proxy itself answers for a site that does not: its own statuses are no page's. */
export function assertAnswered(response: Response | null, url: string): void {
  if (!response) return;
  const refused = response.headers()['x-agos-refused'] === 'unreachable';
  if (!refused && response.status() < FIRST_PROXY_STATUS) return;
  throw new SiteHoldError('unreachable', `The browser could not open ${url}: the site does not answer.`);
}
