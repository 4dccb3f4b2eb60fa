import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

export type LockMode = 'shared' | 'exclusive';

/** Runs `fn` while the machine's lock is held: by many in `shared` mode, by one alone in `exclusive` mode. */
export type WithMachineLock = <T>(
  mode: LockMode,
  options: { signal: AbortSignal },
  fn: () => Promise<T>,
) => Promise<T>;

/** One folder for all processes and users of the machine, whatever their own temporary folder is. */
export const MACHINE_LOCK_DIR = '/tmp/agos-machine-lock';

/**
 * Everybody passes the gate one by one and keeps it until they hold the lock: one who waits to be alone
 * keeps later ones out. The kernel frees both locks when the holder ends, and `cat` ends with our end of its pipe.
 */
const HOLD = `
exec 9<"$1/gate" && flock 9 &&
exec 8<"$1/lock" && flock "--$2" 8 &&
exec 9<&- && echo held && exec cat`;

/** Makes the lock; the folders are only ever read, so that processes of different users can share them. */
export function createMachineLock({ dir = MACHINE_LOCK_DIR }: { dir?: string } = {}): WithMachineLock {
  return async (mode, { signal }, fn) => {
    signal.throwIfAborted();
    for (const folder of [dir, join(dir, 'gate'), join(dir, 'lock')]) await makeReadable(folder);
    const holder = spawn('sh', ['-c', HOLD, 'sh', dir, mode], { stdio: 'pipe', detached: true });
    try {
      await held(holder, signal);
      return await fn();
    } finally {
      release(holder);
    }
  };
}

async function makeReadable(folder: string): Promise<void> {
  try {
    await mkdir(folder);
    await chmod(folder, 0o755);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

async function held(holder: ChildProcessWithoutNullStreams, signal: AbortSignal): Promise<void> {
  let complaint = '';
  holder.stderr.on('data', (text) => {
    complaint += String(text);
  });
  holder.stdin.on('error', () => undefined);
  const told = once(holder.stdout, 'data', { signal });
  const ended = once(holder, 'close', { signal }).then(() => {
    throw new Error(`The machine's lock cannot be taken: ${complaint.trim() || 'flock ended'}`);
  });
  ended.catch(() => undefined);
  told.catch(() => undefined);
  try {
    await Promise.race([told, ended]);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}

/** Ends the whole group: a `flock` that still waits would otherwise take the lock for nobody. */
function release(holder: ChildProcessWithoutNullStreams): void {
  if (holder.pid === undefined || holder.exitCode !== null || holder.signalCode !== null) return;
  try {
    process.kill(-holder.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
