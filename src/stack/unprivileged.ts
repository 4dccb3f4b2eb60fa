import { execFile } from 'node:child_process';
import { chmod, mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export type OsUser = { name: string; uid: number; gid: number };

/** Two users, so that a page that breaks out of the browser still cannot read the database's files. */
export type UserPurpose = 'database' | 'browser';

const USER_NAMES: Record<UserPurpose, string> = { database: 'agos', browser: 'agos-browser' };

/** Folder of the parts that an unprivileged user must reach when we are root. */
export const SHARED_ROOT = '/var/lib/agos';

/** Where to put what such a user must reach: a folder of ours that anybody can read, else the given one. */
export async function reachableFolder(user: OsUser | undefined, ownFolder: string): Promise<string> {
  if (!user) return ownFolder;
  await mkdir(SHARED_ROOT, { recursive: true });
  await chmod(SHARED_ROOT, 0o755); // whatever root's umask is
  return SHARED_ROOT;
}

/** Lets every user read a tree, and run what root can run in it. */
export async function openToAll(tree: string): Promise<void> {
  await run('chmod', ['-R', 'a+rX', tree]);
}

/** True when this process may become any user, and so must not run servers or browsers as itself. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** The user to run a part as: `undefined` means as ourselves; as root, a system user that is made when missing. */
export async function unprivilegedUser(purpose: UserPurpose): Promise<OsUser | undefined> {
  if (!isRoot()) return undefined;
  const name = USER_NAMES[purpose];
  const user = (await lookUp(name)) ?? (await create(name)) ?? (await lookUp('nobody'));
  if (!user) throw new Error(`Make a system user named ${name}: AgOS does not run this part as root.`);
  return user;
}

async function lookUp(name: string): Promise<OsUser | undefined> {
  try {
    const { stdout } = await run('getent', ['passwd', name]);
    const [, , uid, gid] = stdout.trim().split(':');
    return { name, uid: Number(uid), gid: Number(gid) };
  } catch {
    return undefined;
  }
}

async function create(name: string): Promise<OsUser | undefined> {
  const options = ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent'];
  // Two first starts at once fight for the lock of /etc/passwd: the loser finds the winner's user.
  await run('useradd', [...options, '--shell', '/usr/sbin/nologin', name]).catch(() => undefined);
  return await lookUp(name);
}
