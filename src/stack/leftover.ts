import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * True when a process is alive and its command line names this path: a process id alone proves nothing,
 * since ids are used again, in containers after every start.
 */
export function isProcessOn(pid: number, path: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(path);
  } catch {
    return false;
  }
}

/** Ends a server that a dead parent left running on our data; the caller holds the lock of that data. */
export async function endLeftover(pid: number, path: string, signal: NodeJS.Signals): Promise<void> {
  if (!isProcessOn(pid, path)) return;
  send(pid, signal);
  for (let waitedMs = 0; waitedMs < 10_000; waitedMs += 50) {
    if (!isProcessOn(pid, path)) return;
    await sleep(50);
  }
  send(pid, 'SIGKILL');
  await sleep(100);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself in between.
  }
}
