import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { spawnOwned } from '../owned.ts';
import { type Progress, whileWorking } from '../progress.ts';

const TIME_LIMIT_MS = 10_000;

/** The SDK decides which server it downloads. */
export const SDK_VERSION = (
  createRequire(import.meta.url)('@temporalio/client/package.json') as { version: string }
).version;

/** Lets the SDK download its development server into `target`; returns why not, when it could not. */
export async function downloadTemporal(options: {
  target: string;
  progress: Progress;
}): Promise<string | undefined> {
  const { target, progress } = options;
  await mkdir(dirname(target), { recursive: true });
  const folder = await mkdtemp(join(dirname(target), 'download-'));
  try {
    return await whileWorking(progress, 'Temporal server: downloading', () => downloadInto(folder, target));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** In a process of its own, because the SDK's native code cannot be told to give up. */
async function downloadInto(folder: string, target: string): Promise<string | undefined> {
  const script = fileURLToPath(new URL('./download-child.ts', import.meta.url));
  const child = spawnOwned(process.execPath, [script, folder], {
    logFile: join(folder, 'download.log'),
    env: inheritedEnvironment(),
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

function inheritedEnvironment(): Record<string, string> {
  const set = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return Object.fromEntries(set);
}
