import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const ROOT = join(import.meta.dirname, '../../..');

/** A process of the product. */
export type Service = {
  pid: number;
  /** What it logged, line by line. */
  lines: string[];
  /** Resolves with its line when it serves; fails when it ended before. */
  serving: Promise<string>;
  /** Whether it has ended, in whatever way. */
  hasExited(): boolean;
  /** Its exit code, or null when it was killed. */
  exited: Promise<number | null>;
  kill(): Promise<void>;
  /** SIGTERM, and waits for the end; its exit code, or null when it was killed. */
  stop(): Promise<number | null>;
};

/** Starts an entry of the product (`temporal/main.ts`) with this environment and no other. */
export function startService(
  entry: string,
  environment: Record<string, string>,
  saysServing: string,
  args: readonly string[] = [],
): Service {
  const child = spawn(process.execPath, [join(ROOT, entry), ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  }) as ChildProcessByStdio<null, Readable, null>;
  const lines: string[] = [];
  const serving = Promise.withResolvers<string>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    if (line.includes(saysServing)) serving.resolve(line);
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  void exited.then(() => serving.reject(new Error(`${entry} ended: ${lines.slice(-3).join('\n')}`)));
  serving.promise.catch(() => undefined);
  const hasExited = () => child.exitCode !== null || child.signalCode !== null;
  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    if (!hasExited()) child.kill(signal);
    await exited;
  };
  return {
    pid: child.pid ?? -1,
    lines,
    serving: serving.promise,
    hasExited,
    exited,
    kill: () => end('SIGKILL'),
    stop: async () => {
      await end('SIGTERM');
      return exited;
    },
  };
}
