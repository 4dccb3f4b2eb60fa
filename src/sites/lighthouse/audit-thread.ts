import { parentPort } from 'node:worker_threads';
import { startFlow, type UserFlow } from 'lighthouse';
import Trace from 'lighthouse/core/gather/gatherers/trace.js';
import { pageFunctions } from 'lighthouse/core/lib/page-functions.js';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { SiteHoldError } from '../../kernel/holds.ts';
import { askForIcon } from './ask-for-icon.ts';
import type { GatherRequest, ThreadAnswer, ThreadMessage, ThreadRequest } from './audit-host.ts';
import type { LighthouseFacts } from './facts.ts';
import { holdFor } from './fault.ts';
import { forgetTraces } from './forget-traces.ts';
import { mapResult } from './map-result.ts';
import { rememberMessages } from './remember-messages.ts';
import { lighthouseFlags } from './settings.ts';

const FIND_PAGE_MS = 5_000;

/** Lighthouse loads each processor for a second to warn users of its command line of slow ones; no score knows of it. */
pageFunctions.computeBenchmarkIndex = () => 0;

rememberMessages();

// Lighthouse lets promises fail that nobody awaits when a page goes away under it; the run itself tells why.
process.on('unhandledRejection', () => undefined);

// What Lighthouse looks at once the trace has ended says nothing of speed.
const { stopSensitiveInstrumentation } = Trace.prototype;
Trace.prototype.stopSensitiveInstrumentation = async function (context) {
  await stopSensitiveInstrumentation.call(this, context);
  tell('recorded');
};

type Gathered = { flow: UserFlow; tookMs: number };
let gathered: Gathered | null = null;

const tell = (message: ThreadMessage): void => parentPort?.postMessage(message);

parentPort?.on('message', (request: ThreadRequest) => {
  void answer(request).then(tell);
});

async function answer(request: ThreadRequest): Promise<ThreadAnswer> {
  try {
    if (request === 'judge') return { facts: await judge() };
    gathered = await gather(request.gather);
    return 'gathered';
  } catch (error) {
    gathered = null;
    const hold = error instanceof SiteHoldError ? error : holdFor(codeOf(error));
    if (hold) return { hold: hold.hold };
    return { failure: error instanceof Error ? error.message : String(error) };
  } finally {
    // Between both halves of a page there is something to keep.
    if (!gathered) forgetTraces();
  }
}

async function gather({ port, marker, url, contact }: GatherRequest): Promise<Gathered> {
  const startedAt = performance.now();
  const flow = await throughPuppeteer(port, marker, async (page) => {
    await askForIcon(page);
    const opened = await startFlow(page, { flags: lighthouseFlags(contact) });
    await opened.navigate(url, AS_ONE_RUN);
    return opened;
  });
  return { flow, tookMs: performance.now() - startedAt };
}

/** A step of a flow keeps something of the page before it; one that stands alone must not. */
const AS_ONE_RUN = { skipAboutBlank: false, usePassiveGathering: false };

async function judge(): Promise<LighthouseFacts> {
  const last = gathered;
  gathered = null;
  if (!last) throw new Error('Nothing was gathered.');
  const startedAt = performance.now();
  const report = (await last.flow.createFlowResult()).steps[0]?.lhr;
  if (!report) throw new Error('Lighthouse gave no result.');
  const hold = report.runtimeError && holdFor(report.runtimeError.code);
  if (hold) throw hold;
  return mapResult(report, Math.round(last.tookMs + performance.now() - startedAt));
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

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}
