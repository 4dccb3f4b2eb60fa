import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { definedIn, type Environment } from '../cache.ts';
import { spawnOwned } from '../owned.ts';
import { type Progress, whileWorking } from '../progress.ts';

const TIME_LIMIT_MS = 10_000;

/** The SDK decides which server it downloads. */
export const SDK_VERSION = (
  createRequire(import.meta.url)('@temporalio/client/package.json') as { version: string }
).version;

type DownloadOptions = { target: string; environment: Environment; progress: Progress };

/** Lets the SDK download its development server into `target`; returns why not, when it could not. */
export async function downloadTemporal(options: DownloadOptions): Promise<string | undefined> {
  const { target, progress } = options;
  await mkdir(dirname(target), { recursive: true });
  const folder = await mkdtemp(join(dirname(target), 'download-'));
  try {
    return await whileWorking(progress, 'Temporal server: downloading', () => downloadInto(folder, options));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** In a process of its own, because the SDK's native code cannot be told to give up. */
async function downloadInto(
  folder: string,
  { target, environment }: DownloadOptions,
): Promise<string | undefined> {
  const script = fileURLToPath(new URL('./download-child.ts', import.meta.url));
  const child = spawnOwned(process.execPath, [script, folder], {
    logFile: join(folder, 'download.log'),
    env: definedIn(environment),
    stopSignal: 'SIGKILL',
  });
  const outcome = await Promise.race([child.exited, sleep(TIME_LIMIT_MS, 'time limit', { ref: false })]);
  await child.stop();
  if (outcome === 'time limit') return `nothing within ${TIME_LIMIT_MS / 1000} s`;
  const files = await readdir(folder);
  const binary = files.find((name) => name.startsWith('temporal-') && !name.endsWith('.downloading'));
  if (!binary) return 'not reachable';
  await rename(join(folder, binary), target);
  return undefined;
}
