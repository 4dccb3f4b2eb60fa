import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** `agos-browser-<pid>-<start of that process>-<random>`: a folder says itself whether its owner still lives. */
const NAME = /^agos-browser-(\d+)-(\d+)-/;

export type ProfileFolder = {
  /** Ours, so that Chromium's user cannot swap the profile for a link. */
  root: string;
  /** Chromium's. */
  profile: string;
};

/** Makes a profile folder that only `user` may read, or we ourselves when no user is given. */
export async function makeProfile(
  parent: string,
  user: { uid: number; gid: number } | undefined,
): Promise<ProfileFolder> {
  const startedAt = (await startOf(process.pid)) ?? '0';
  const root = await mkdtemp(join(parent, `agos-browser-${process.pid}-${startedAt}-`));
  const profile = join(root, 'profile');
  await chmod(root, 0o711);
  await mkdir(profile, { mode: 0o700 });
  if (user) await chown(profile, user.uid, user.gid);
  return { root, profile };
}

/** Removes what processes that were killed have left; what belongs to another user stays. */
export async function sweepProfiles(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const [, pid, startedAt] = NAME.exec(name) ?? [];
    if (pid === undefined || (await startOf(Number(pid))) === startedAt) continue;
    await removeProfile(join(parent, name)).catch(() => undefined);
  }
}

/** Chromium's last processes may still write while the folder goes, hence the retries. */
export async function removeProfile(root: string): Promise<void> {
  await rm(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}

/** When a process began, in the kernel's ticks; null when it is gone. */
async function startOf(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  // The name in parentheses may hold anything; after it the start is the twentieth field.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}
