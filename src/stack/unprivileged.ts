import { execFile } from 'node:child_process';
import { chmod, mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { BROWSER_USER } from '../runtime/browser-user.ts';

const run = promisify(execFile);

export type OsUser = { uid: number; gid: number };

const DATABASE_USER = 'agos';

/** Folder of the parts that an unprivileged user must reach when we are root. */
export const SHARED_ROOT = '/var/lib/agos';

/** Where what such a user must reach belongs: a folder of ours that anybody can read, else the given one. */
export function reachableFolder(user: OsUser | undefined, ownFolder: string): string {
  return user ? SHARED_ROOT : ownFolder;
}

/** The same, made when it is missing. */
export async function makeReachableFolder(user: OsUser | undefined, ownFolder: string): Promise<string> {
  const folder = reachableFolder(user, ownFolder);
  await mkdir(folder, { recursive: true });
  if (user) await chmod(folder, 0o755); // whatever root's umask is
  return folder;
}

/** Lets every user read a tree, and run what root can run in it. */
export async function openToAll(tree: string): Promise<void> {
  await run('chmod', ['-R', 'a+rX', tree]);
}

/** True when this process may become any user, and so must not run servers or browsers as itself. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Whom the database runs as: `undefined` means ourselves; as root, a system user that is made when missing. */
export async function databaseUser(): Promise<OsUser | undefined> {
  if (!isRoot()) return undefined;
  const name = DATABASE_USER;
  const user = (await lookUp(name)) ?? (await create(name)) ?? (await lookUp('nobody'));
  if (!user) throw new Error(`Make a system user named ${name}: PostgreSQL does not run as root.`);
  return user;
}

/** Whom the browser runs as, another one: a page that breaks out of it cannot read the database's files. */
export function browserUser(): OsUser | undefined {
  return isRoot() ? BROWSER_USER : undefined;
}

async function lookUp(name: string): Promise<OsUser | undefined> {
  try {
    const { stdout } = await run('getent', ['passwd', name]);
    const [, , uid, gid] = stdout.trim().split(':');
    return { uid: Number(uid), gid: Number(gid) };
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
