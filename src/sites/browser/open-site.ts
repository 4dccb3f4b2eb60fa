import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core';
import { SiteHoldError } from '../../kernel/holds.ts';
import type { BlockedRequest, FilteringProxy } from '../../runtime/egress/proxy.ts';
import { DEVICES, type DeviceName, emulateDevice } from './devices.ts';
import { guardNavigations } from './navigation-guard.ts';

const CLOSE_TIMEOUT_MS = 1_000;
const SITE_CHECK_MS = 100;
const CRASH_NOTICE_MS = 500;

/**
 * Playwright's block answers a registration with undefined, which makes sound pages throw; a registration
 * that never finishes does not.
 */
const QUIET_SERVICE_WORKERS = `if (self.ServiceWorkerContainer) {
  ServiceWorkerContainer.prototype.register = () => new Promise(() => undefined);
}`;

/** The proxy that all traffic of one site passes. */
export type SiteProxy = Pick<
  FilteringProxy,
  'url' | 'blocked' | 'blockedCount' | 'maxBytes' | 'overLimit' | 'close'
>;

export type PageOptions = {
  /** `null` leaves the emulation to whoever drives the page. */
  device: DeviceName | null;
  deadlineMs: number;
  /** How often the page may lead on to another address; 5 unless the driver itself navigates. */
  maxFollowed?: number;
};

/** One site in one fresh context; everything in it ends with the call that opened it. */
export type OpenSite = {
  debuggingPort: number;
  browserVersion: string;
  blockedRequests(): BlockedRequest[];
  /** All of them, also those beyond what is listed. */
  blockedCount(): number;
  /** Opens a page for the time of `fn`; past the deadline the whole site ends with `page_timeout`. */
  withPage<T>(options: PageOptions, fn: UsePage<T>): Promise<T>;
};

/** The session carries the page's emulation: a picture taken through another one would reset it. */
export type UsePage<T> = (page: Page, session: CDPSession) => Promise<T>;

export type SiteDeps = {
  browser: Browser;
  debuggingPort: number;
  contact?: string | undefined;
  proxy: SiteProxy;
  signal: AbortSignal;
  deadlineMs: number;
  /** What ended the renderer of a page that crashed just now. */
  explainCrash(): SiteHoldError;
  /** Called when the context cannot be closed in time: the browser has to go. */
  onStuck(): void;
};

type Stop = { promise: Promise<never>; stop(error: unknown): void; reason(): unknown };

/** Runs `fn` on a fresh context that is closed in any case, at the latest shortly after the deadline. */
export async function openSite<T>(deps: SiteDeps, fn: (site: OpenSite) => Promise<T>): Promise<T> {
  const stop = makeStop();
  const onAbort = (): void => stop.stop(deps.signal.reason);
  const onDisconnect = (): void =>
    stop.stop(new SiteHoldError('browser_crashed', 'The browser ended while the page was open.'));
  const timer = setTimeout(() => stop.stop(timedOut(deps.deadlineMs)), deps.deadlineMs);
  const watch = setInterval(() => deps.proxy.overLimit() && stop.stop(tooLarge(deps.proxy)), SITE_CHECK_MS);
  deps.signal.addEventListener('abort', onAbort, { once: true });
  deps.browser.once('disconnected', onDisconnect);
  const context = createContext(deps);
  try {
    if (deps.signal.aborted) onAbort();
    const work = context.then((ready) => fn(siteOf(ready, deps, stop)));
    return await Promise.race([work, stop.promise]);
  } catch (error) {
    throw stop.reason() ?? error;
  } finally {
    clearTimeout(timer);
    clearInterval(watch);
    deps.signal.removeEventListener('abort', onAbort);
    deps.browser.off('disconnected', onDisconnect);
    await closeContext(context, deps);
  }
}

/** The first reason wins; later ones are echoes of the same end. */
function makeStop(): Stop {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined);
  let first: unknown;
  return {
    promise,
    stop(error) {
      first ??= error;
      reject(error);
    },
    reason: () => first,
  };
}

async function createContext({ browser, proxy }: SiteDeps): Promise<BrowserContext> {
  const context = await browser.newContext({
    viewport: null,
    proxy: { server: proxy.url, bypass: '<-loopback>' },
    // The certificate is judged by the fetch; the page is looked at over a faulty one too.
    ignoreHTTPSErrors: true,
    serviceWorkers: 'block',
    acceptDownloads: false,
    permissions: [],
    locale: 'en-US',
  });
  await context.addInitScript(QUIET_SERVICE_WORKERS);
  return context;
}

function siteOf(context: BrowserContext, deps: SiteDeps, stop: Stop): OpenSite {
  const { browser, proxy } = deps;
  const own = new Set<Page>();
  let opening = false;
  context.on('page', (page) => {
    if (!opening && !own.has(page)) void page.close().catch(() => undefined);
  });
  return {
    debuggingPort: deps.debuggingPort,
    browserVersion: browser.version(),
    blockedRequests: () => proxy.blocked(),
    blockedCount: () => proxy.blockedCount(),
    async withPage(options, fn) {
      opening = true;
      const page = await context.newPage();
      own.add(page);
      opening = false;
      return await usePage(page, { ...options, deps, stop }, fn);
    },
  };
}

async function usePage<T>(
  page: Page,
  { device, deadlineMs, maxFollowed = 5, deps, stop }: PageOptions & { deps: SiteDeps; stop: Stop },
  fn: UsePage<T>,
): Promise<T> {
  const timer = setTimeout(() => stop.stop(timedOut(deadlineMs)), deadlineMs);
  const blocked = (): BlockedRequest[] => deps.proxy.blocked();
  const guard = guardNavigations(page, { maxFollowed, blocked, onBroken: (error) => stop.stop(error) });
  const crashed = Promise.withResolvers<void>();
  page.on('crash', () => {
    stop.stop(deps.explainCrash());
    crashed.resolve();
  });
  try {
    const session = await page.context().newCDPSession(page);
    const name = { version: deps.browser.version(), contact: deps.contact };
    if (device) await emulateDevice(session, DEVICES[device], name);
    return await fn(page, session);
  } catch (error) {
    // A renderer that dies while its page loads aborts the load first; that it crashed is heard of later.
    await Promise.race([crashed.promise, delay(CRASH_NOTICE_MS, null, { ref: false })]);
    const broken = deps.proxy.overLimit() ? tooLarge(deps.proxy) : guard.check();
    throw stop.reason() ?? broken ?? error;
  } finally {
    clearTimeout(timer);
    await Promise.race([page.close().catch(() => undefined), delay(CLOSE_TIMEOUT_MS, null, { ref: false })]);
  }
}

/** The way out is cut at once: a page that is slow to close asks for nothing more. */
async function closeContext(context: Promise<BrowserContext>, deps: SiteDeps): Promise<void> {
  const cut = deps.proxy.close().catch(() => undefined);
  const closed = context.then(
    (ready) => ready.close(),
    () => undefined,
  );
  const inTime = await Promise.race([
    closed.then(
      () => true,
      () => true,
    ),
    delay(CLOSE_TIMEOUT_MS, false),
  ]);
  if (!inTime) deps.onStuck();
  await cut;
}

function timedOut(deadlineMs: number): SiteHoldError {
  return new SiteHoldError('page_timeout', `The page was not done after ${deadlineMs / 1000} seconds.`);
}

function tooLarge({ maxBytes }: SiteProxy): SiteHoldError {
  const limit = `${Math.round(maxBytes / 1024 / 1024)} MB`;
  return new SiteHoldError(
    'page_too_large',
    `The page sent more than ${limit}, which is what a scan receives.`,
  );
}
