import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { definedIn, type Environment } from '../cache.ts';
import { type OwnedProcess, spawnOwned } from '../owned.ts';
import { whileWorking } from '../progress.ts';
import { openToAll } from '../unprivileged.ts';
import type { Attempt, ChromiumContext } from './types.ts';

const TIME_LIMIT_MS = 120_000;
/** A host that is not reachable costs this much and not the whole time limit. */
const SILENCE_LIMIT_MS = 20_000;

const require = createRequire(import.meta.url);

/** The browser of this Playwright version, in the user's own folder or in the one that we installed into. */
export async function playwrightPath(context: ChromiumContext): Promise<Attempt> {
  const { chromium } = await import('playwright-core');
  const usual = chromium.executablePath();
  const ours = join(ownFolder(context), ...usual.split(sep).slice(-3));
  if (context.user && !existsSync(ours) && existsSync(usual)) {
    if (!context.allowInstall) return { path: usual, copyLater: true };
    await copyBrowser(usual, ours);
  }
  const path = [ours, usual].find((candidate) => existsSync(candidate));
  return path ? { path } : { problem: 'not installed' };
}

/** Runs Playwright's own installer, with a time limit. */
export async function installWithPlaywright(context: ChromiumContext): Promise<Attempt> {
  const folder = ownFolder(context);
  await mkdir(folder, { recursive: true });
  const temporary = await mkdtemp(join(folder, 'download-'));
  try {
    const work = (): Promise<string | undefined> => runInstaller(folder, temporary, context.environment);
    const failure = await whileWorking(context.progress, 'Chromium: Playwright installs it', work);
    if (failure) return { problem: failure };
    if (context.user) await openToAll(folder);
    return await playwrightPath(context);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function ownFolder(context: ChromiumContext): string {
  return join(context.folder, 'playwright');
}

/** Root's browser lies under root's home, where the user who runs it cannot go. */
async function copyBrowser(usual: string, ours: string): Promise<void> {
  const [from, to] = [dirname(dirname(usual)), dirname(dirname(ours))];
  const half = `${to}.${process.pid}`;
  await mkdir(dirname(to), { recursive: true });
  await cp(from, half, { recursive: true });
  await rm(to, { recursive: true, force: true });
  await rename(half, to);
  await openToAll(dirname(to));
}

async function runInstaller(
  folder: string,
  temporary: string,
  environment: Environment,
): Promise<string | undefined> {
  const script = join(dirname(require.resolve('playwright-core/package.json')), 'cli.js');
  const child = spawnOwned(process.execPath, [script, 'install', '--no-shell', '--no-remove', 'chromium'], {
    logFile: join(temporary, 'install.log'),
    env: {
      ...definedIn(environment),
      PLAYWRIGHT_BROWSERS_PATH: folder,
      PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: '10000',
      TMPDIR: temporary,
    },
    stopSignal: 'SIGKILL',
  });
  const outcome = await untilSilent(child, folder);
  await child.stop();
  return outcome === 'exit code 0' ? undefined : outcome;
}

/** Waits for the end, but gives up early when no byte arrives. */
async function untilSilent(child: OwnedProcess, folder: string): Promise<string> {
  const startedAt = Date.now();
  let size = 0;
  let lastGrowthAt = startedAt;
  while (Date.now() - startedAt < TIME_LIMIT_MS) {
    const outcome = await Promise.race([child.exited, sleep(500, undefined, { ref: false })]);
    if (outcome !== undefined) return outcome;
    const now = await downloadedBytes(folder);
    if (now > size) lastGrowthAt = Date.now();
    size = now;
    if (Date.now() - lastGrowthAt > SILENCE_LIMIT_MS) return `no byte within ${SILENCE_LIMIT_MS / 1000} s`;
  }
  return `not done within ${TIME_LIMIT_MS / 1000} s`;
}

async function downloadedBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith('.log'));
  const sizes = await Promise.all(
    files.map((file) =>
      stat(join(file.parentPath, file.name)).then(
        (info) => info.size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
