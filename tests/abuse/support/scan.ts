import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SiteHoldError } from '../../../src/kernel/holds.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { createGuardedFetch } from '../../../src/runtime/egress/fetch.ts';
import { createEgressGuard, type EgressGuard, type Resolve } from '../../../src/runtime/egress/guard.ts';
import { type BlockedRequest, startFilteringProxy } from '../../../src/runtime/egress/proxy.ts';
import { createMachineLock } from '../../../src/sites/browser/machine-lock.ts';
import { createBrowserPool } from '../../../src/sites/browser/pool.ts';
import { createSiteFetcher } from '../../../src/sites/fetch/index.ts';
import { createLighthouseRunner } from '../../../src/sites/lighthouse/run.ts';
import { createSiteScanner, type SiteScanner } from '../../../src/sites/scan/site-scanner.ts';
import { fetchUserAgent } from '../../../src/sites/user-agent.ts';
import { testChromium } from '../../support/test-browser.ts';

/** The scanner as a worker composes it, with what its proxies refused in view. */
export type TestScan = {
  scanner: SiteScanner;
  guard: EgressGuard;
  /** Everything refused since the last call. */
  blocked(): BlockedRequest[];
  close(): Promise<void>;
};

/** Joins the real guard, fetcher, proxy, browser and Lighthouse, as `temporal/scanner.ts` does. */
export async function startScan(options: { allowTargets?: string; resolve?: Resolve }): Promise<TestScan> {
  const { allowTargets, resolve } = options;
  const guard = createEgressGuard({ allowTargets, ...(resolve && { resolve }) });
  const guardedFetch = createGuardedFetch({ guard, userAgent: fetchUserAgent(), clock: systemClock });
  const lockDir = mkdtempSync(join(tmpdir(), 'agos-test-lock-'));
  const withMachineLock = createMachineLock({ dir: lockDir });
  let refused: BlockedRequest[] = [];
  const pool = createBrowserPool({
    executablePath: await testChromium(),
    sandbox: 'on',
    rendererMemoryMb: 700,
    maxSites: 1_000,
    maxMemoryMb: 4_000,
    startProxy: () => startFilteringProxy({ guard, onBlocked: (request) => refused.push(request) }),
  });
  const lighthouse = createLighthouseRunner({ pool, withMachineLock });
  const fetcher = createSiteFetcher({ guardedFetch, clock: systemClock });
  return {
    scanner: createSiteScanner({ guard, fetcher, pool, withMachineLock, lighthouse }),
    guard,
    blocked: () => {
      const list = refused;
      refused = [];
      return list;
    },
    close: async () => {
      await lighthouse.close();
      await pool.close();
      rmSync(lockDir, { recursive: true, force: true });
    },
  };
}

/** A signal that outlasts any scan of a test. */
export const patience = (): AbortSignal => AbortSignal.timeout(60_000);

/** The hold that work ends with; any other end is told as what it is. */
export async function holdOf(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  const ended = await work.then(
    () => 'it ended without a hold',
    (error: unknown) => error,
  );
  if (ended instanceof SiteHoldError) return ended.hold;
  return { code: 'no hold', message: String(ended) };
}
