import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createEgressGuard } from '../../src/runtime/egress/guard.ts';
import { startFilteringProxy } from '../../src/runtime/egress/proxy.ts';
import { createMachineLock } from '../../src/sites/browser/machine-lock.ts';
import { createBrowserPool } from '../../src/sites/browser/pool.ts';
import { killProcess } from '../../src/sites/browser/process-tree.ts';
import { createLighthouseRunner } from '../../src/sites/lighthouse/run.ts';

const run = promisify(execFile);
const CLI = fileURLToPath(new URL('../../node_modules/lighthouse/cli/index.js', import.meta.url));
const TIMEOUT_MS = 180_000;
const CATEGORIES = ['performance', 'accessibility', 'best-practices', 'seo'] as const;

export type Category = (typeof CATEGORIES)[number];
export type Scores = Record<Category, number>;

/** One way to the four scores of a page. */
export type Side = { measure(url: string): Promise<Scores>; close(): Promise<void> };

/** Ours: one Chromium behind the filtering proxy, a fresh context for each page. */
export async function ourSide(chromium: string, allowTargets: string): Promise<Side> {
  const guard = createEgressGuard({ allowTargets });
  const pool = createBrowserPool({
    executablePath: chromium,
    sandbox: 'on',
    rendererMemoryMb: 1_500,
    maxSites: 1_000,
    maxMemoryMb: 4_000,
    startProxy: () => startFilteringProxy({ guard }),
  });
  const runner = createLighthouseRunner({ pool, withMachineLock: createMachineLock() });
  return {
    async measure(url) {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const { scores } = await runner.run({ url, signal, timeoutMs: TIMEOUT_MS });
      return completed(url, { ...scores, 'best-practices': scores.best_practices });
    },
    async close() {
      await runner.close();
      await pool.close();
    },
  };
}

/** The browser of the command line: a whole one, as its users have it, where the machine has one. */
export function wholeBrowser(otherwise: string): string {
  return ['/usr/bin/chromium', '/usr/bin/google-chrome'].find((path) => existsSync(path)) ?? otherwise;
}

/** Theirs: the plain command line with its own Chromium and its own waits, a new one for each page. */
export function cliSide(chromium: string, address: string, signal: AbortSignal): Side {
  const rootNeeds = process.getuid?.() === 0 ? ' --no-sandbox' : '';
  const chromeFlags = `--headless=new --ignore-certificate-errors --host-resolver-rules="MAP * ${address}"${rootNeeds}`;
  return {
    async measure(url) {
      const home = await mkdtemp(join(tmpdir(), 'agos-lighthouse-cli-'));
      const wanted = [
        '--quiet',
        '--output=json',
        '--output-path=stdout',
        `--only-categories=${CATEGORIES.join()}`,
      ];
      const settings = { timeout: TIMEOUT_MS, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 * 1024 } as const;
      const env = { PATH: process.env.PATH, HOME: home, TMPDIR: home, CHROME_PATH: chromium };
      try {
        const { stdout } = await run(
          process.execPath,
          [CLI, url, ...wanted, `--chrome-flags=${chromeFlags}`],
          {
            ...settings,
            env,
            signal,
          },
        );
        const { categories } = JSON.parse(stdout) as { categories: Record<string, { score: number | null }> };
        const scores = CATEGORIES.map((id) => [id, Math.round((categories[id]?.score ?? Number.NaN) * 100)]);
        return completed(url, Object.fromEntries(scores));
      } finally {
        await killThoseIn(home);
        await rm(home, { recursive: true, force: true, maxRetries: 5 });
      }
    },
    close: async () => undefined,
  };
}

/** The command line's Chromium outlives a command line that is killed: its profile lies in the folder it was given. */
async function killThoseIn(home: string): Promise<void> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
  for (const pid of pids) {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (commandLine.includes(home)) killProcess(pid);
  }
}

function completed(url: string, scores: Partial<Record<Category, number | null>>): Scores {
  for (const id of CATEGORIES) {
    if (!Number.isFinite(scores[id])) throw new Error(`${url}: no score for ${id}`);
  }
  return scores as Scores;
}
