import { execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { OsUser } from './unprivileged.ts';

export type Holder = {
  /** What the child printed once its part was up. */
  report: Record<string, unknown>;
  kill(signal: NodeJS.Signals): Promise<void>;
};

/** Where a child's `import` finds the files of this folder. */
export function stackModule(path: string): string {
  return JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));
}

/** Runs an ES module in a Node of its own, until it has printed one line of JSON; it then stays until killed. */
export async function holdInChild(
  source: string,
  options: { user?: OsUser; env?: Record<string, string> } = {},
): Promise<Holder> {
  const child = spawn(
    process.execPath,
    ['--input-type=module-typescript', '-e', `${source}; setInterval(() => {}, 1e6);`],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: '/',
      env: { ...process.env, ...options.env },
      ...(options.user && { uid: options.user.uid, gid: options.user.gid }),
    },
  );
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for await (const line of createInterface({ input: child.stdout })) {
    const kill = async (signal: NodeJS.Signals): Promise<void> => {
      child.kill(signal);
      await exited;
    };
    return { report: JSON.parse(line) as Record<string, unknown>, kill };
  }
  throw new Error(`the child ended without a report: ${errors}`);
}

/** True when that user can read this checkout: a clone under a 0700 home is closed to all but root. */
export function canReadCheckout(user: OsUser): boolean {
  try {
    execFileSync(process.execPath, ['-e', `require(${stackModule('./cache.ts')})`], {
      uid: user.uid,
      gid: user.gid,
      cwd: '/',
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}

/** True until the process has ended, zombies excepted. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
