import { Counter, Gauge, Histogram } from 'prom-client';
import { SiteHoldError } from '../../kernel/holds.ts';
import { type Registry, WORK_SECONDS } from '../../runtime/telemetry/registry.ts';
import type { BrowserPool } from '../browser/pool.ts';
import type { CpuMeter } from './cpu-meter.ts';
import type { Limits, SiteScanner } from './site-scanner.ts';

/** The same scanner; every step of a scan is counted and timed, by step and outcome. */
export function observeScanner(scanner: SiteScanner, registry: Registry): SiteScanner {
  const duration = new Histogram({
    name: 'agos_scan_step_duration_seconds',
    help: 'Steps of scans, waits for the machine included; the outcome is done, stopped, failed or a hold.',
    labelNames: ['step', 'outcome'],
    buckets: WORK_SECONDS,
    registers: [registry],
  });
  const observed =
    <Request extends Limits, T>(step: string, run: (request: Request) => Promise<T>) =>
    async (request: Request): Promise<T> => {
      const ended = duration.startTimer({ step });
      try {
        const result = await run(request);
        ended({ outcome: 'done' });
        return result;
      } catch (error) {
        ended({ outcome: outcomeOf(error, request.signal) });
        throw error;
      }
    };
  return {
    fetchSite: observed('fetch', scanner.fetchSite),
    inspectPage: observed('inspect', scanner.inspectPage),
    checkLinks: observed('links', scanner.checkLinks),
    measurePage: observed('measure', scanner.measurePage),
  };
}

function outcomeOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'stopped';
  return error instanceof SiteHoldError ? error.hold.code : 'failed';
}

/** The same meter; what scans have used is counted when it is told. */
export function observeCpu(cpu: CpuMeter, registry: Registry): CpuMeter {
  const used = new Counter({
    name: 'agos_scan_cpu_seconds_total',
    help: 'CPU time of this process and its browsers that scans were charged for.',
    registers: [registry],
  });
  return {
    ...cpu,
    open: async () => {
      const share = await cpu.open();
      const close = async (): Promise<number> => {
        const cpuMs = await share.close();
        used.inc(cpuMs / 1_000);
        return cpuMs;
      };
      return { ...share, close };
    },
  };
}

/** Tells of the browser at every scrape. */
export function observeBrowser(pool: BrowserPool, registry: Registry): void {
  const registers = [registry];
  new Gauge({
    name: 'agos_browsers_open',
    help: 'Browsers that are open: one at most in a process.',
    registers,
    collect() {
      this.set(pool.status().browserPid === null ? 0 : 1);
    },
  });
  new Gauge({
    name: 'agos_browser_contexts_open',
    help: 'Sites that are open in the browser.',
    registers,
    collect() {
      this.set(pool.status().openSites);
    },
  });
  const started = new Counter({
    name: 'agos_browser_starts_total',
    help: 'Browsers started: the first one, and each that replaced one which was worn or gone.',
    registers,
    collect() {
      started.reset();
      started.inc(pool.status().browsersStarted);
    },
  });
}
