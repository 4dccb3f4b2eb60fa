import { existsSync, readFileSync } from 'node:fs';
import type { Clock } from '../src/runtime/clock.ts';
import type { Config } from '../src/runtime/config.ts';
import { createGuardedFetch } from '../src/runtime/egress/fetch.ts';
import { createEgressGuard, type EgressGuard } from '../src/runtime/egress/guard.ts';
import { startFilteringProxy } from '../src/runtime/egress/proxy.ts';
import type { Telemetry } from '../src/runtime/telemetry/telemetry.ts';
import { createMachineLock } from '../src/sites/browser/machine-lock.ts';
import { createBrowserPool } from '../src/sites/browser/pool.ts';
import { createSiteFetcher } from '../src/sites/fetch/index.ts';
import { createLighthouseRunner } from '../src/sites/lighthouse/run.ts';
import { type CpuMeter, createCpuMeter } from '../src/sites/scan/cpu-meter.ts';
import { observeBrowser, observeCpu, observeScanner } from '../src/sites/scan/observe-scans.ts';
import { createSiteScanner, type SiteScanner } from '../src/sites/scan/site-scanner.ts';
import { traceScanner } from '../src/sites/scan/trace-scans.ts';
import { fetchUserAgent } from '../src/sites/user-agent.ts';

/** A browser is replaced after so many sites or above so much memory: Chromium never gives all of it back. */
const BROWSER_MAX_SITES = 50;
const BROWSER_MAX_MEMORY_MB = 2_500;
const RENDERER_MEMORY_MB = 1_000;

/** The one more authority that development trusts, as PEM. */
export function extraAuthority(config: Config): string | undefined {
  return config.AGOS_EXTRA_CA ? readFileSync(config.AGOS_EXTRA_CA, 'utf8') : undefined;
}

/** Where Debian puts its two Chromiums; the shell opens pages for less. Without either, opening one says so. */
const usualChromium = (): string =>
  existsSync('/usr/lib/chromium/chromium-headless-shell')
    ? '/usr/lib/chromium/chromium-headless-shell'
    : '/usr/bin/chromium';

export type ComposeScanner = (
  config: Config,
  clock: Clock,
  telemetry: Telemetry,
) => { scanner: SiteScanner; guard: EgressGuard; cpu: CpuMeter; close(): Promise<void> };

/** What this worker process opens strangers' sites with; the browser starts with the first site. */
export const composeScanner: ComposeScanner = (config, clock, { registry, tracer }) => {
  const guard = createEgressGuard({ allowTargets: config.AGOS_ALLOW_TARGETS });
  const extraCa = extraAuthority(config);
  const contact = config.AGOS_SCANNER_CONTACT;
  const guardedFetch = createGuardedFetch({ guard, userAgent: fetchUserAgent(contact), clock, extraCa });
  const cpu = createCpuMeter();
  const withMachineLock = cpu.exceptWaiting(createMachineLock());
  const pool = createBrowserPool({
    executablePath: config.CHROMIUM_PATH ?? usualChromium(),
    sandbox: config.AGOS_CHROMIUM_SANDBOX ? 'on' : 'off',
    rendererMemoryMb: RENDERER_MEMORY_MB,
    contact,
    startProxy: () => startFilteringProxy({ guard }),
    maxSites: BROWSER_MAX_SITES,
    maxMemoryMb: BROWSER_MAX_MEMORY_MB,
  });
  const lighthouse = createLighthouseRunner({ pool, withMachineLock, contact });
  const fetcher = createSiteFetcher({ guardedFetch, clock });
  const plain = createSiteScanner({ guard, fetcher, pool, withMachineLock, lighthouse });
  const scanner = tracer ? traceScanner(plain, tracer) : plain;
  const close = async (): Promise<void> => {
    await lighthouse.close();
    await pool.close();
  };
  if (!registry) return { scanner, guard, cpu, close };
  observeBrowser(pool, registry);
  return { scanner: observeScanner(scanner, registry), guard, cpu: observeCpu(cpu, registry), close };
};
