import type { Page, Request } from 'playwright-core';

/** Kinds of requests that may bring what a page says; pictures are waited for apart, and streams never end. */
const BRINGING = new Set(['document', 'script', 'stylesheet', 'xhr', 'fetch']);

/** What a page still waits for from the network. */
export type Traffic = {
  /** How long nothing has been open, 0 while something is. */
  quietMs(): number;
};

/** Follows the requests of a page from before its first one on. */
export function watchTraffic(page: Page): Traffic {
  const open = new Set<Request>();
  let quietSince = performance.now();
  const ended = (request: Request): void => {
    if (open.delete(request)) quietSince = performance.now();
  };
  page.on('request', (request) => {
    if (BRINGING.has(request.resourceType())) open.add(request);
  });
  page.on('requestfinished', ended);
  page.on('requestfailed', ended);
  return { quietMs: () => (open.size > 0 ? 0 : performance.now() - quietSince) };
}
