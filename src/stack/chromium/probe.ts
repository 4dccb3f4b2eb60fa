import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { OsUser } from '../unprivileged.ts';

const run = promisify(execFile);

export type BrowserProbe = { version: string } | { problem: string };

/** Asks a browser for its version as the user who will run it, which also proves that this user can reach it. */
export async function probeBrowser(path: string, user: OsUser | undefined): Promise<BrowserProbe> {
  try {
    const { stdout } = await run(path, ['--version'], {
      timeout: 20_000,
      cwd: '/',
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/tmp' },
      ...(user && { uid: user.uid, gid: user.gid }),
    });
    const version = /\d+(\.\d+){2,3}/.exec(stdout)?.[0];
    return version ? { version } : { problem: 'it prints no version' };
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    const reason = stderr?.trim().split('\n').at(-1) || (code ? String(code) : String(error));
    return { problem: user ? `user ${user.uid} cannot run it (${reason})` : reason };
  }
}
