import { parentPort } from 'node:worker_threads';
import lighthouse, { type RunnerResult } from 'lighthouse';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { SiteHoldError } from '../../kernel/holds.ts';
import type { AuditAnswer, AuditRequest } from './audit-host.ts';
import { holdFor } from './fault.ts';
import { mapResult } from './map-result.ts';
import { lighthouseFlags } from './settings.ts';

const FIND_PAGE_MS = 5_000;

// Lighthouse lets promises fail that nobody awaits when a page goes away under it; the run itself tells why.
process.on('unhandledRejection', () => undefined);

parentPort?.on('message', (request: AuditRequest) => {
  void answer(request).then((message) => parentPort?.postMessage(message));
});

async function answer({ port, marker, url, contact }: AuditRequest): Promise<AuditAnswer> {
  try {
    const startedAt = performance.now();
    const report = await throughPuppeteer(port, marker, (page) => measure(url, page, contact));
    return { facts: mapResult(report, Math.round(performance.now() - startedAt)) };
  } catch (error) {
    if (error instanceof SiteHoldError) return { hold: error.hold };
    return { failure: error instanceof Error ? error.message : String(error) };
  }
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

async function measure(url: string, page: Page, contact: string | undefined): Promise<RunnerResult['lhr']> {
  const result = await lighthouse(url, lighthouseFlags(contact), undefined, page).catch((error) => {
    throw holdFor(codeOf(error)) ?? error;
  });
  if (!result) throw new Error('Lighthouse gave no result.');
  const { runtimeError } = result.lhr;
  const hold = runtimeError && holdFor(runtimeError.code);
  if (hold) throw hold;
  return result.lhr;
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}
