import type { Page } from 'playwright-core';
import { isTopLevel } from './navigation-guard.ts';

/** What the server answered to the browser for the page itself. */
export type PageAnswer = {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
};

/** Follows the page's own answers from before its first one on: what counts is the last, wherever it led. */
export function watchPageAnswer(page: Page): { last(): PageAnswer | null } {
  let last: PageAnswer | null = null;
  page.on('response', (response) => {
    if (!isTopLevel(response.request(), page)) return;
    last = { status: response.status(), headers: response.headers() };
  });
  return { last: () => last };
}
