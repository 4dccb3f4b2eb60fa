import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnOwned, tailOf } from '../owned.ts';
import { whileWorking } from '../progress.ts';
import { isRoot } from '../unprivileged.ts';
import type { Attempt, ChromiumContext } from './types.ts';

/** The program itself: the script in front of it stays as a process that a signal would end alone. */
export const DEBIAN_SHELL = '/usr/lib/chromium/chromium-headless-shell';

/** Installs Debian's headless shell of Chromium; not on Ubuntu, whose packages of Chromium only point to a snap. */
export async function installWithApt(context: ChromiumContext): Promise<Attempt> {
  if (!isRoot()) return { problem: 'only root may' };
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  if (!/^ID="?debian"?$/m.test(release)) return { problem: 'not a Debian' };
  const folder = await mkdtemp(join(tmpdir(), 'agos-apt-'));
  try {
    const failure = await whileWorking(context.progress, 'Chromium: apt installs it', () => install(folder));
    return failure ? { problem: failure } : { path: DEBIAN_SHELL };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function install(folder: string): Promise<string | undefined> {
  const failure = await apt(folder, ['update']);
  return (
    failure ?? (await apt(folder, ['install', '-y', '--no-install-recommends', 'chromium-headless-shell']))
  );
}

async function apt(folder: string, args: string[]): Promise<string | undefined> {
  const logFile = join(folder, 'apt.log');
  const child = spawnOwned('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...args], {
    logFile,
    env: { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
    deathSignal: 'TERM', // never cut dpkg off in the middle of a package
  });
  const outcome = await child.exited;
  return outcome === 'exit code 0' ? undefined : `${outcome}, ${tailOf(logFile, 1)}`;
}
