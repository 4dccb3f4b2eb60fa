import { appendFileSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { activityInfo } from '@temporalio/activity';
import type { SiteScanner } from '../../../src/sites/scan/site-scanner.ts';
import { createStoredScanner, type Facts, type ScanStep } from '../../support/stored-scanner.ts';

/** Names of stored sites begin so; any other name is left to the real scanner. */
export const STORED_SITES = {
  old: 'old-',
  good: 'good-',
  /** Its score is so close to the bar of a local business that a person decides. */
  close: 'close-',
} as const;

/** About a hundredth of what a browser takes, long enough to be killed in. */
const STEP_MS: Record<ScanStep, number> = { fetch: 80, inspect: 250, measure: 250, links: 80 };

/** A scan that a worker has begun: of which site, which step, and in which attempt, as the ledger names it. */
export type ScanBegun = { host: string; step: string; attempt: string };

/**
 * Answers for stored sites after a short while, and notes in `logFile` each scan that it begins: what the
 * ledger is held against. Sites that are really there are opened by `real`.
 */
export function createFastScanner(real: SiteScanner, logFile: string): SiteScanner {
  const stored = createStoredScanner();
  const known = new Set<string>();
  const forUrl = (url: string): SiteScanner => {
    const { host } = new URL(url);
    if (!Object.values(STORED_SITES).some((prefix) => host.startsWith(prefix))) return real;
    if (!known.has(host)) serve(host);
    known.add(host);
    return stored;
  };
  const serve = (host: string): void => {
    const takesTime = (step: ScanStep) => async (call: { signal: AbortSignal }) => {
      appendFileSync(logFile, `${JSON.stringify({ host, step, attempt: attemptOf() })}\n`);
      await sleep(STEP_MS[step] * (0.5 + Math.random()), undefined, { signal: call.signal });
    };
    const steps = ['fetch', 'inspect', 'links', 'measure'] as const;
    const on = Object.fromEntries(steps.map((step) => [step, takesTime(step)]));
    if (host.startsWith(STORED_SITES.old)) stored.serve(host, 'hartleys-plumbing', on);
    else stored.serve(host, 'kestrel-joinery', on, host.startsWith(STORED_SITES.close) ? spoil : undefined);
  };
  return {
    fetchSite: (input) => forUrl(input.url).fetchSite(input),
    inspectPage: (input) => forUrl(input.url).inspectPage(input),
    checkLinks: (input) => forUrl(input.pageUrl).checkLinks(input),
    measurePage: (input) => forUrl(input.url).measurePage(input),
  };
}

function attemptOf(): string {
  const { workflowExecution, activityId, attempt } = activityInfo();
  return `${workflowExecution?.runId}/${activityId}/${attempt}`;
}

/** The scans that all workers have begun. */
export function readScansBegun(logFile: string): ScanBegun[] {
  const lines = readFileSync(logFile, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as ScanBegun);
}

/** Makes of a sound site one with 52 points: slow, without title, description and headline, on old code. */
function spoil({ page, lighthouse }: Facts): void {
  lighthouse.scores.performance = 30;
  for (const id of ['document-title', 'meta-description']) lighthouse.audits[id]!.score = 0;
  for (const view of [page.phone, page.desktop]) {
    view.h1 = [];
    view.technologies.push({ ...OLD_JQUERY });
  }
}

const OLD_JQUERY = {
  id: 'jquery',
  version: '1.8.3',
  source: 'runtime',
  detail: 'jQuery 1.8.3',
  selector: null,
} as const;
