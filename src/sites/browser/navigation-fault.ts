import type { Response } from 'playwright-core';
import { SiteHoldError } from '../../kernel/holds.ts';

/** proxy-chain answers 590 to 599 where it could not reach a site. */
const FIRST_PROXY_STATUS = 590;

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
  return fault ? new SiteHoldError('unreachable', `The browser could not open ${url} (${fault}).`) : error;
}

/** Over plain http the proxy itself answers for a site that does not: its own statuses are no page's. */
export function assertAnswered(response: Response | null, url: string): void {
  if (!response) return;
  const refused = response.headers()['x-agos-refused'] === 'unreachable';
  if (!refused && response.status() < FIRST_PROXY_STATUS) return;
  throw new SiteHoldError('unreachable', `The browser could not open ${url}: the site does not answer.`);
}
