import { SiteHoldError } from '../../kernel/holds.ts';
import { type ChromiumOptions, launchChromium, type RunningChromium } from './launch.ts';
import { type MemoryWatch, watchMemory } from './memory-watch.ts';
import { type OpenSite, openSite, type SiteProxy } from './open-site.ts';
import { killTree } from './process-tree.ts';

export type BrowserPoolOptions = ChromiumOptions & {
  startProxy: () => Promise<SiteProxy>;
  /** A browser is replaced after it has shown this many sites, ... */
  maxSites: number;
  /** ... or when all its processes together hold more than this. */
  maxMemoryMb: number;
};

export type BrowserPoolStatus = { browserPid: number | null; openSites: number; browsersStarted: number };

/** One Chromium at a time, a fresh context for each site, and a new Chromium when the old one is worn or gone. */
export type BrowserPool = {
  /** Opens a fresh context for the time of `fn`; it is closed whatever happens, soon after the deadline. */
  withSite<T>(
    options: { signal: AbortSignal; deadlineMs: number },
    fn: (site: OpenSite) => Promise<T>,
  ): Promise<T>;
  status(): BrowserPoolStatus;
  close(): Promise<void>;
};

/** A browser with what is open in it; `ended` resolves when no process and no file of it is left. */
type Slot = {
  chromium: RunningChromium;
  memory: MemoryWatch;
  openSites: number;
  shownSites: number;
  retired: boolean;
  ended: PromiseWithResolvers<void>;
};

/** Makes the pool of one worker process; Chromium starts with the first site. */
export function createBrowserPool(options: BrowserPoolOptions): BrowserPool {
  let current: Promise<Slot> | null = null;
  let latest: Slot | null = null;
  let browsersStarted = 0;
  let closed = false;

  async function start(previous: Promise<Slot> | null): Promise<Slot> {
    const old = await previous?.catch(() => null);
    await old?.ended.promise;
    if (closed) throw new Error('The browser pool is closed.');
    const chromium = await launchChromium(options);
    browsersStarted += 1;
    const slot: Slot = {
      chromium,
      memory: watchMemory({
        browserPid: chromium.pid,
        processCapMb: options.rendererMemoryMb,
        isBusy: () => slot.openSites > 0,
      }),
      openSites: 0,
      shownSites: 0,
      retired: false,
      ended: Promise.withResolvers<void>(),
    };
    latest = slot;
    chromium.browser.once('disconnected', () => void retire(slot));
    return slot;
  }

  /** Nobody awaits between the check and the count, so a slot cannot be retired under a new site. */
  async function enter(): Promise<Slot> {
    for (;;) {
      current ??= start(null);
      const asked: Promise<Slot> = current;
      const slot = await asked.catch((error) => {
        if (current === asked) current = null;
        throw error;
      });
      if (!slot.retired) {
        slot.openSites += 1;
        slot.shownSites += 1;
        if (slot.shownSites >= options.maxSites) slot.retired = true;
        return slot;
      }
      if (current === asked) current = start(asked);
    }
  }

  async function leave(slot: Slot): Promise<void> {
    slot.openSites -= 1;
    if (slot.openSites > 0) return;
    slot.memory.look();
    if (slot.memory.treeMb() > options.maxMemoryMb) slot.retired = true;
    if (slot.retired && slot.openSites === 0) await retire(slot);
  }

  async function retire(slot: Slot): Promise<void> {
    slot.retired = true;
    slot.memory.stop();
    await slot.chromium.close();
    slot.ended.resolve();
  }

  return {
    async withSite({ signal, deadlineMs }, fn) {
      signal.throwIfAborted();
      const slot = await enter();
      try {
        const { browser, debuggingPort, pid } = slot.chromium;
        const proxy = await options.startProxy();
        const { explainCrash } = slot.memory;
        const onStuck = (): void => killTree(pid);
        return await openSite(
          {
            browser,
            debuggingPort,
            contact: options.contact,
            proxy,
            signal,
            deadlineMs,
            explainCrash,
            onStuck,
          },
          fn,
        );
      } catch (error) {
        throw signal.aborted ? error : asHold(error, slot);
      } finally {
        await leave(slot);
      }
    },
    status: () => ({
      browserPid: latest && !latest.retired ? latest.chromium.pid : null,
      openSites: latest?.openSites ?? 0,
      browsersStarted,
    }),
    async close() {
      closed = true;
      await current?.catch(() => null);
      if (latest) await retire(latest);
    },
  };
}

/** Whatever a call says once its browser is gone, the reason is that the browser is gone. */
function asHold(error: unknown, { chromium }: Slot): unknown {
  if (error instanceof SiteHoldError || chromium.browser.isConnected()) return error;
  return new SiteHoldError('browser_crashed', 'The browser ended while the page was open.');
}
