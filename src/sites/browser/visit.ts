import type { Page } from 'playwright-core';
import { SiteHoldError } from '../../kernel/holds.ts';
import { type BlockedFacts, mergeEvents, type PageEvents } from '../page/events.ts';
import { type IsolatedWorld, openIsolatedWorld } from '../page/isolated-world.ts';
import { DEVICES, type DeviceName } from './devices.ts';
import type { WithMachineLock } from './machine-lock.ts';
import { assertAnswered, explainNavigationFault } from './navigation-fault.ts';
import type { OpenSite } from './open-site.ts';
import { type PageAnswer, watchPageAnswer } from './page-answer.ts';
import { startPageLog } from './page-log.ts';
import type { BrowserPool } from './pool.ts';
import { type Screenshot, takeScreenshot, takeTallScreenshot } from './screenshot.ts';
import { settle } from './settle.ts';
import { watchTraffic } from './traffic.ts';

/** For both passes, with the opening and closing around them. */
const SITE_DEADLINE_MS = 35_000;
const AROUND_PASSES_MS = 5_000;
/** For the tall picture, out of what a pass has left; and what must be left for leaving the page. */
const TALL_PICTURE_MS = 5_000;
const LEAVING_MS = 1_500;
const MAX_ELEMENTS = 200_000;
const MAX_BLOCKED = 20;
const MAX_BLOCKED_URL = 300;

/** Reads what it needs from a settled page; its rects are CSS pixels of the whole document. */
export type Collect<F> = (page: Page, device: DeviceName) => Promise<F>;

export type DevicePass<F> = {
  final_url: string;
  /** Null when no answer of the page was seen. */
  answer: PageAnswer | null;
  screenshot: Screenshot;
  facts: F;
};

export type Visit<F> = {
  final_url: string;
  phone: DevicePass<F>;
  desktop: DevicePass<F>;
  /** Of both passes, each problem once. */
  events: PageEvents;
  /** What the proxy refused, of both passes. */
  blocked: BlockedFacts;
  duration_ms: number;
};

export type VisitOptions<F> = {
  pool: BrowserPool;
  withMachineLock: WithMachineLock;
  url: string;
  signal: AbortSignal;
  timeoutMs?: number;
  collect: Collect<F>;
};

type LoggedPass<F> = DevicePass<F> & { events: PageEvents };

/** Shows a site to a phone and then to a desktop, in one fresh context; throws the hold of one that cannot be shown. */
export async function visitSite<F>(options: VisitOptions<F>): Promise<Visit<F>> {
  const { pool, withMachineLock, url, signal, timeoutMs = SITE_DEADLINE_MS, collect } = options;
  const passMs = (timeoutMs - AROUND_PASSES_MS) / 2;
  return await withMachineLock('shared', { signal }, () =>
    pool.withSite({ signal, deadlineMs: timeoutMs }, async (site) => {
      const startedAt = performance.now();
      const phone = await visitAs('phone', site, { url, passMs, collect });
      const desktop = await visitAs('desktop', site, { url, passMs, collect });
      return {
        final_url: phone.final_url,
        phone: withoutEvents(phone),
        desktop: withoutEvents(desktop),
        events: mergeEvents(phone.events, desktop.events),
        blocked: blockedFacts(site),
        duration_ms: Math.round(performance.now() - startedAt),
      };
    }),
  );
}

function withoutEvents<F>({ events: _events, ...pass }: LoggedPass<F>): DevicePass<F> {
  return pass;
}

function blockedFacts(site: OpenSite): BlockedFacts {
  const listed = site.blockedRequests().slice(0, MAX_BLOCKED);
  return {
    count: site.blockedCount(),
    first: listed.map(({ url, reason }) => ({ url: url.slice(0, MAX_BLOCKED_URL), reason })),
  };
}

async function visitAs<F>(
  device: DeviceName,
  site: OpenSite,
  { url, passMs, collect }: { url: string; passMs: number; collect: Collect<F> },
): Promise<LoggedPass<F>> {
  return await site.withPage({ device, deadlineMs: passMs }, async (page, session) => {
    const startedAt = performance.now();
    const leftMs = (): number => passMs - LEAVING_MS - (performance.now() - startedAt);
    const traffic = watchTraffic(page);
    const events = await startPageLog(page, session);
    const answers = watchPageAnswer(page);
    await open(page, url, passMs);
    const seen = await untilItStays(page, async () => {
      const world = await openIsolatedWorld(session);
      await settle({ page, world, traffic, startedAt });
      await assertSize(world);
      const screenshot = await takeScreenshot(session, DEVICES[device]);
      const facts = await collect(page, device);
      // Last, since a browser that is late with it is of no use afterwards.
      const tall = await takeTallScreenshot(session, DEVICES[device], Math.min(TALL_PICTURE_MS, leftMs()));
      return { screenshot: tall ?? screenshot, facts };
    });
    return { final_url: page.url(), answer: answers.last(), ...seen, events };
  });
}

async function open(page: Page, url: string, timeoutMs: number): Promise<void> {
  try {
    const response = await page.goto(url, { waitUntil: 'domcontentloaded', timeout: timeoutMs });
    assertAnswered(response, url);
  } catch (error) {
    if (!isOvertaken(error)) throw explainNavigationFault(error, url);
    await page.waitForLoadState('domcontentloaded');
  }
}

/** A script in the page's head led on before the page was there. */
function isOvertaken(error: unknown): boolean {
  return error instanceof Error && error.message.includes('interrupted by another navigation');
}

/** Looks again when the page led on meanwhile; how often it may do so is limited by the navigation guard. */
async function untilItStays<T>(page: Page, look: () => Promise<T>): Promise<T> {
  for (;;) {
    let ledOn = false;
    const onDocument = (): void => {
      ledOn = true;
    };
    page.on('domcontentloaded', onDocument);
    try {
      const seen = await look();
      if (!ledOn) return seen;
    } catch (error) {
      if (!ledOn && !isNavigationEcho(error)) throw error;
      await page.waitForLoadState('domcontentloaded');
    } finally {
      page.off('domcontentloaded', onDocument);
    }
  }
}

function isNavigationEcho(error: unknown): boolean {
  return (
    error instanceof Error &&
    /context was destroyed|cannot find context|because of a navigation|target navigated|promise was collected/i.test(
      error.message,
    )
  );
}

async function assertSize(world: IsolatedWorld): Promise<void> {
  const elements = await world.evaluate<number>(
    "Document.prototype.getElementsByTagName.call(document, '*').length",
  );
  if (elements <= MAX_ELEMENTS) return;
  const limit = MAX_ELEMENTS.toLocaleString('en-US');
  throw new SiteHoldError('page_too_large', `The page has more than ${limit} elements.`);
}
