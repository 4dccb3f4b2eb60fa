import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Progress } from '../../src/stack/progress.ts';

const BENCH = join(import.meta.dirname, '..');

/** Installs what AgOS is measured against, apart from the project's own packages, where it is missing or old. */
export function installPeers(progress: Progress): void {
  const installed = join(BENCH, 'node_modules/.package-lock.json');
  const lock = join(BENCH, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  progress.line('Installing what is compared with (npm ci in bench)');
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: BENCH,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1' },
  });
}

/** The version of a package, of the benchmarks' own or of the project. */
export function versionOf(name: string): string {
  const places = [join(BENCH, 'node_modules'), join(BENCH, '../node_modules')];
  const file = places.map((place) => join(place, name, 'package.json')).find((path) => existsSync(path));
  return file ? (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version : 'not installed';
}

/** A program in a process of its own that answers calls; see `serve-calls.mjs`. */
export type Peer = {
  pid: number;
  /** Runs one of its functions; fails with the error that it threw, or when the process ends. */
  call<T>(name: string, argument?: unknown): Promise<T>;
  stop(): Promise<void>;
};

/** Starts a file that ends in `serveCalls`; it ends with us. */
export async function startPeer(file: string, environment: Record<string, string> = {}): Promise<Peer> {
  const child = fork(file, [], { env: { ...process.env, ...environment }, execArgv: [] });
  const exited = once(child, 'exit');
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  child.on('message', ({ id, result, error }: { id: number; result: unknown; error?: string }) => {
    const call = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) call?.resolve(result);
    else call?.reject(new Error(`${file}: ${error}`));
  });
  child.once('exit', () => {
    for (const call of waiting.values()) call.reject(new Error(`${file} has ended`));
  });
  process.once('exit', () => child.kill('SIGKILL'));
  let calls = 0;
  const peer: Peer = {
    pid: child.pid ?? -1,
    call: async <T>(name: string, argument: unknown = null) => {
      calls += 1;
      const answer = Promise.withResolvers<unknown>();
      waiting.set(calls, answer);
      child.send({ id: calls, name, argument });
      return (await answer.promise) as T;
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.disconnect();
      const patience = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await exited;
      clearTimeout(patience);
    },
  };
  await peer.call('ready');
  return peer;
}
