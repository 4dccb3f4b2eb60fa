import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OsUser } from './unprivileged.ts';

export type OwnedOptions = {
  /** Receives what the child prints. */
  logFile: string;
  env: Record<string, string>;
  cwd?: string;
  user?: OsUser | undefined;
  /** What the kernel sends the child when we die without a word. */
  deathSignal?: 'KILL' | 'INT' | 'TERM';
  stopSignal?: NodeJS.Signals;
  stopTimeoutMs?: number;
};

export type OwnedProcess = {
  pid: number;
  /** Resolves with a phrase such as "exit code 1" once the child is gone. */
  exited: Promise<string>;
  hasExited(): boolean;
  stop(): Promise<void>;
};

/** Starts a child that cannot outlive this process, not even when this process is killed. */
export function spawnOwned(command: string, args: readonly string[], options: OwnedOptions): OwnedProcess {
  const { deathSignal = 'KILL', stopSignal = 'SIGTERM', stopTimeoutMs = 10_000 } = options;
  const leash = canLeash() ? ['setpriv', '--pdeathsig', deathSignal, '--'] : [];
  const [file, ...rest] = [...leash, command, ...args];
  const log = openSync(options.logFile, 'a', 0o600);
  const child = spawn(file!, rest, {
    cwd: options.cwd ?? '/',
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', ...options.env },
    stdio: ['ignore', log, log],
    detached: true, // a terminal's Ctrl-C is for us: we end our children in the right order
    ...(options.user && { uid: options.user.uid, gid: options.user.gid }),
  });
  closeSync(log);
  let ended = false;
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
  }).finally(() => {
    ended = true;
  });
  const stop = async (): Promise<void> => {
    if (ended) return;
    signalTo(child.pid, stopSignal);
    const gone = await Promise.race([exited.then(() => true), sleep(stopTimeoutMs, false, { ref: false })]);
    if (!gone) signalTo(child.pid, 'SIGKILL');
    await exited;
  };
  // The leash holds the child alone: what it has started, such as a compiler, ends by this.
  endAtExit(exited, () => signalGroup(child.pid, `SIG${deathSignal}`));
  return { pid: child.pid ?? -1, exited, hasExited: () => ended, stop };
}

/** SIGKILL reaches what the child has started as well; any other signal is for the child to pass on. */
function signalTo(pid: number | undefined, signal: NodeJS.Signals): void {
  if (signal === 'SIGKILL') signalGroup(pid, signal);
  else send(pid, signal);
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid !== undefined) send(-pid, signal);
}

function send(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself in between.
  }
}

/** The last lines of a child's log, to explain why it did not start. */
export function tailOf(logFile: string, lines = 5): string {
  try {
    return readFileSync(logFile, 'utf8').trim().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}

/** True when the kernel can end our children for us (util-linux's setpriv, part of every Debian). */
function canLeash(): boolean {
  try {
    execFileSync('setpriv', ['--pdeathsig', 'KILL', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** One listener for all of them: Node takes the eleventh for a leak. */
const atExit = new Set<() => void>();
process.once('exit', () => {
  for (const end of atExit) end();
});

/** Covers every end of ours but SIGKILL. */
function endAtExit(exited: Promise<string>, end: () => void): void {
  atExit.add(end);
  void exited.then(() => atExit.delete(end));
}
