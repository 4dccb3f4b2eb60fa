import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { InPageError, type IsolatedWorld } from '../page/isolated-world.ts';
import { untilQuiet } from './quiet.ts';
import type { Traffic } from './traffic.ts';

const LOAD_MS = 1_500;
const QUIET_WITHIN_MS = 2_500;
/** So much of a pass is left to scrolling, picture and collection, however slowly the site answers. */
const SETTLED_BY_MS = 7_000;
const SCROLL_STEPS = 12;
const SCROLL_PAUSE_MS = 60;
const IMAGES_MS = 1_000;

export type Settling = { page: Page; world: IsolatedWorld; traffic: Traffic; startedAt: number };

/** Waits a little for what comes after the document: the load event, what scripts fetch, lazy pictures. */
export async function settle({ page, world, traffic, startedAt }: Settling): Promise<void> {
  await Promise.race([page.waitForLoadState('load'), delay(LOAD_MS)]);
  const leftMs = startedAt + SETTLED_BY_MS - performance.now();
  await untilQuiet(world, traffic, Math.min(QUIET_WITHIN_MS, leftMs));
  await scrollThroughPage(world);
}

async function scrollThroughPage(world: IsolatedWorld): Promise<void> {
  const limits = { steps: SCROLL_STEPS, pauseMs: SCROLL_PAUSE_MS, imagesMs: IMAGES_MS };
  try {
    await world.evaluate(`(${String(scrollThrough)})(${JSON.stringify(limits)})`);
  } catch (error) {
    // A page that cannot be scrolled through is looked at as it stands.
    if (!(error instanceof InPageError)) throw error;
  }
}

/** Runs in the page: shows each part once, so that lazy pictures load, and ends where it began. */
async function scrollThrough(limits: { steps: number; pauseMs: number; imagesMs: number }): Promise<void> {
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  // By the prototype: an element named `images` or `scrollingElement` takes the document's own property away.
  const all = <E extends Element>(selector: string): E[] => [
    ...Document.prototype.querySelectorAll.call<Document, [string], NodeListOf<E>>(document, selector),
  ];
  const height = (): number => Math.max(...all('html, body').map((root) => root.scrollHeight));
  for (let step = 1; step <= limits.steps; step += 1) {
    const top = step * innerHeight * 0.9;
    if (top >= height()) break;
    scrollTo({ top, behavior: 'instant' });
    await pause(limits.pauseMs);
  }
  const until = performance.now() + limits.imagesMs;
  const pending = (): boolean => all<HTMLImageElement>('img').some((image) => !image.complete);
  while (pending() && performance.now() < until) await pause(50);
  scrollTo({ top: 0, behavior: 'instant' });
  await pause(limits.pauseMs);
}
