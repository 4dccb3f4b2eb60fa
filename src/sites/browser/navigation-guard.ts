import type { Page, Request } from 'playwright-core';
import { SiteHoldError } from '../../kernel/holds.ts';
import type { BlockedRequest } from '../../runtime/egress/proxy.ts';

export type NavigationRules = {
  /** Top-level requests that may follow the first one, whether by status, meta element or script. */
  maxFollowed: number;
  blocked(): BlockedRequest[];
  /** Told once, as soon as a rule is broken. */
  onBroken(error: SiteHoldError): void;
};

/** Follows a page's top-level navigations; `check` says which rule they break, also after the fact. */
export function guardNavigations(page: Page, rules: NavigationRules): { check(): SiteHoldError | null } {
  const visited: string[] = [];
  const check = (): SiteHoldError | null => tooMany(visited, rules) ?? forbidden(visited, rules);
  const judge = (): void => {
    const broken = check();
    if (broken) rules.onBroken(broken);
  };
  page.on('request', (request) => {
    if (!isTopLevel(request, page)) return;
    visited.push(request.url());
    judge();
  });
  page.on('requestfailed', (request) => isTopLevel(request, page) && judge());
  page.on('response', (response) => isTopLevel(response.request(), page) && judge());
  return { check };
}

/** Whether a request is for the page itself, and not for a part or a frame of it. */
export function isTopLevel(request: Request, page: Page): boolean {
  if (!request.isNavigationRequest()) return false;
  try {
    return request.frame() === page.mainFrame();
  } catch {
    // The frame of a navigation that has just begun is not known yet: only a top-level one begins like this.
    return true;
  }
}

function tooMany(visited: string[], { maxFollowed }: NavigationRules): SiteHoldError | null {
  if (visited.length - 1 <= maxFollowed) return null;
  const hops = visited.map(shorten).join(' -> ');
  return new SiteHoldError('too_many_redirects', `The page led on more than ${maxFollowed} times: ${hops}.`);
}

function forbidden(visited: string[], rules: NavigationRules): SiteHoldError | null {
  const refused = new Map(rules.blocked().map(({ host, port, reason }) => [`${host}:${port}`, reason]));
  const index = visited.findIndex((url) => refused.has(targetOf(url)));
  const url = visited[index];
  if (url === undefined) return null;
  const reason = refused.get(targetOf(url));
  return index === 0
    ? new SiteHoldError('target_forbidden', `AgOS does not open ${shorten(url)}: ${reason}`)
    : new SiteHoldError('redirect_forbidden', `The page leads to ${shorten(url)}: ${reason}`);
}

/** The way the proxy names a target: no brackets, the port always given. */
function targetOf(url: string): string {
  if (!URL.canParse(url)) return url;
  const { protocol, hostname, port } = new URL(url);
  return `${hostname.replace(/^\[(.*)\]$/, '$1')}:${port || (protocol === 'http:' ? 80 : 443)}`;
}

function shorten(url: string): string {
  return url.length > 200 ? `${url.slice(0, 200)}...` : url;
}
