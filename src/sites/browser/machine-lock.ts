import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

export type LockMode = 'shared' | 'exclusive';

/** The lock in the hands of one who has it. */
export type HeldLock = {
  /** Lets in those who share it, for work that disturbs nobody; it stays so until the end. */
  share(): Promise<void>;
};

/** Runs `fn` while the machine's lock is held: by many in `shared` mode, by one alone in `exclusive` mode. */
export type WithMachineLock = <T>(
  mode: LockMode,
  options: { signal: AbortSignal },
  fn: (held: HeldLock) => Promise<T>,
) => Promise<T>;

/** One folder for all processes and users of the machine, whatever their own temporary folder is. */
export const MACHINE_LOCK_DIR = '/tmp/agos-machine-lock';

/**
 * Everybody passes the gate one by one and keeps it until they hold the lock: one who waits to be alone keeps
 * later ones out, so that pages are measured while others are looked at and not after all of them. The kernel
 * frees both locks when the holder ends, and `read` and `cat` end with our end of their pipe.
 */
const HOLD = `
exec 9<"$1/gate" 8<"$1/lock" && flock 9 && flock "--$2" 8 && exec 9<&- && echo held && read -r line && flock --shared 8 && echo shared && exec cat`;

/** Makes the lock; the folders are only ever read, so that processes of different users can share them. */
export function createMachineLock({ dir = MACHINE_LOCK_DIR }: { dir?: string } = {}): WithMachineLock {
  return async (mode, { signal }, fn) => {
    signal.throwIfAborted();
    for (const folder of [dir, join(dir, 'gate'), join(dir, 'lock')]) await makeReadable(folder);
    const holder = spawn('sh', ['-c', HOLD, 'sh', dir, mode], { stdio: 'pipe', detached: true });
    try {
      await answered(holder, signal);
      const share = async (): Promise<void> => {
        holder.stdin.write('share\n');
        await answered(holder, signal);
      };
      return await fn({ share });
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

/** Waits for the holder's next word. */
async function answered(holder: ChildProcessWithoutNullStreams, signal: AbortSignal): Promise<void> {
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
