import { setTimeout as delay } from 'node:timers/promises';
import { InPageError, type IsolatedWorld } from '../page/isolated-world.ts';
import type { Traffic } from './traffic.ts';

const QUIET_MS = 300;
const LOOK_EVERY_MS = 75;

/** Characters that the page shows; by the prototype, since an element may be named `body`. */
const SHOWN_CHARACTERS = `
  [...Document.prototype.querySelectorAll.call(document, 'body')].reduce((sum, body) => sum + body.innerText.length, 0)`;

/** Waits until the page has something to say, says no more and asks for nothing, at most `maxMs`. */
export async function untilQuiet(world: IsolatedWorld, traffic: Traffic, maxMs: number): Promise<void> {
  const until = performance.now() + maxMs;
  let shown = -1;
  let steadySince = performance.now();
  while (performance.now() < until) {
    const now = await shownCharacters(world, until);
    if (now !== shown) [shown, steadySince] = [now, performance.now()];
    const quietMs = Math.min(traffic.quietMs(), performance.now() - steadySince);
    if (shown > 0 && quietMs >= QUIET_MS) return;
    await delay(LOOK_EVERY_MS);
  }
}

/** A page that is too busy to tell says nothing yet. */
async function shownCharacters(world: IsolatedWorld, until: number): Promise<number> {
  const left = new AbortController();
  const late = delay(Math.max(0, until - performance.now()), 0, { signal: left.signal }).catch(() => 0);
  const asked = world.evaluate<number>(SHOWN_CHARACTERS).catch((error) => {
    if (error instanceof InPageError) return 0;
    throw error;
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    asked.catch(() => undefined);
    left.abort();
  }
}
