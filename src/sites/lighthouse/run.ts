import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { navigation, type RunnerResult } from 'lighthouse';
import pLimit from 'p-limit';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import type { WithMachineLock } from '../browser/machine-lock.ts';
import type { OpenSite } from '../browser/open-site.ts';
import type { BrowserPool } from '../browser/pool.ts';
import type { LighthouseFacts } from './facts.ts';
import { holdFor } from './fault.ts';
import { mapResult } from './map-result.ts';
import { LIGHTHOUSE_FLAGS } from './settings.ts';

const DEFAULT_TIMEOUT_MS = 60_000;
/** Lighthouse itself goes to an empty page first, and pages may lead on as usual. */
const MAX_FOLLOWED = 6;
const FIND_PAGE_MS = 5_000;
/** How long a given-up audit may take to notice that its page is gone. */
const ABANDONED_MS = 10_000;

export type LighthouseRunner = {
  /** Audits one page as a phone; throws the hold of a page that cannot be measured. */
  run(options: { url: string; signal: AbortSignal; timeoutMs?: number }): Promise<LighthouseFacts>;
};

/** Makes the one place of a process that runs Lighthouse: the module bears one audit at a time. */
export function createLighthouseRunner(deps: {
  pool: BrowserPool;
  withMachineLock: WithMachineLock;
}): LighthouseRunner {
  const oneAtATime = pLimit(1);
  let last: Promise<unknown> = Promise.resolve();

  async function audit(site: OpenSite, url: string, deadlineMs: number): Promise<LighthouseFacts> {
    return await site.withPage({ device: null, deadlineMs, maxFollowed: MAX_FOLLOWED }, async (page) => {
      const marker = `about:blank#${randomUUID()}`;
      await page.goto(marker);
      const gone = new AbortController();
      page.once('close', () => gone.abort());
      page.once('crash', () => gone.abort());
      const startedAt = performance.now();
      const running = throughPuppeteer(site.debuggingPort, marker, (target) =>
        measure(url, target, gone.signal),
      );
      last = running.catch(() => undefined);
      const report = await running;
      return mapResult(report, Math.round(performance.now() - startedAt));
    });
  }

  return {
    run: ({ url, signal, timeoutMs = DEFAULT_TIMEOUT_MS }) =>
      oneAtATime(() =>
        deps.withMachineLock('exclusive', { signal }, async () => {
          await Promise.race([last, delay(ABANDONED_MS)]);
          return await deps.pool.withSite({ signal, deadlineMs: timeoutMs }, (site) =>
            audit(site, url, timeoutMs),
          );
        }),
      ),
  };
}

/** Lighthouse speaks Puppeteer: it finds the page of our context over the debugging port, by its address. */
async function throughPuppeteer<T>(port: number, marker: string, fn: (page: Page) => Promise<T>): Promise<T> {
  const browser: Browser = await puppeteer.connect({
    browserURL: `http://127.0.0.1:${port}`,
    defaultViewport: null,
  });
  try {
    const target = await browser.waitForTarget((one) => one.url() === marker, { timeout: FIND_PAGE_MS });
    const page = await target.page();
    if (!page) throw new Error('The page to audit is gone.');
    return await fn(page);
  } finally {
    await browser.disconnect();
  }
}

async function measure(url: string, page: Page, signal: AbortSignal): Promise<RunnerResult['lhr']> {
  // Lighthouse hands the signal on, though its types do not say so: without it a lost page costs 20 s.
  const options = { flags: LIGHTHOUSE_FLAGS, signal };
  const result = await navigation(page, url, options).catch((error) => {
    throw holdFor(codeOf(error), error.message) ?? error;
  });
  if (!result) throw new Error('Lighthouse gave no result.');
  const { runtimeError } = result.lhr;
  const hold = runtimeError && holdFor(runtimeError.code, runtimeError.message);
  if (hold) throw hold;
  return result.lhr;
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}
