import { readFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { lookAtTrees, type ProcessLook } from './processes.ts';

/** What the processes of one side have used in one run. */
export type Usage = { cpu_s: number; wall_s: number; peak_mb: number };

const LOOK_EVERY_MS = 100;

/**
 * Runs work and tells what some processes, with everything below them, used meanwhile. What a process used
 * in its last 100 ms is lost where it ends unseen by a parent that stays, so CPU time is never too high.
 */
export async function metered<T>(
  roots: () => readonly number[],
  work: () => Promise<T>,
): Promise<{ result: T; usage: Usage }> {
  const begin = await lookAtTrees(roots());
  const last = new Map(begin.map((one) => [one.name, one]));
  let peakMb = 0;
  let ended: ProcessLook[] = begin;
  const look = async (): Promise<void> => {
    ended = await lookAtTrees(roots());
    for (const one of ended) last.set(one.name, one);
    peakMb = Math.max(
      peakMb,
      ended.reduce((sum, one) => sum + one.ownMb, 0),
    );
  };
  const stop = repeat(look);
  const startedMs = performance.now();
  const result = await work().finally(stop);
  const wall = (performance.now() - startedMs) / 1000;
  await look();
  return { result, usage: { cpu_s: cpuBetween(begin, last, ended), wall_s: wall, peak_mb: peakMb } };
}

/** Both ways to count miss something and neither counts anything twice: the larger one is nearer. */
function cpuBetween(
  begin: readonly ProcessLook[],
  last: ReadonlyMap<string, ProcessLook>,
  ended: readonly ProcessLook[],
): number {
  const before = new Map(begin.map((one) => [one.name, one.ownCpu]));
  const seen = [...last.values()].reduce((sum, one) => sum + one.ownCpu - (before.get(one.name) ?? 0), 0);
  return Math.max(seen, withChildren(ended) - withChildren(begin));
}

const withChildren = (looks: readonly ProcessLook[]): number =>
  looks.reduce((sum, one) => sum + one.ownCpu + one.endedChildrenCpu, 0);

/** Looks again and again, one look at a time; the answer ends that and waits for the last one. */
function repeat(look: () => Promise<void>): () => Promise<void> {
  let stopped = false;
  let wake: () => void = () => undefined;
  const loop = (async () => {
    while (!stopped) {
      await look();
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, LOOK_EVERY_MS);
      });
    }
  })();
  return async () => {
    stopped = true;
    wake();
    await loop;
  };
}

/** How busy the machine was with others: load at the end, and the share of CPU time that its host took away. */
export type Surroundings = { load: number; steal: number };

/** Runs work and tells what went on around it. */
export async function observed<T>(work: () => Promise<T>): Promise<{ result: T; around: Surroundings }> {
  const before = await cpuTimes();
  const result = await work();
  const after = await cpuTimes();
  const total = after.total - before.total;
  const steal = total > 0 ? (after.steal - before.steal) / total : 0;
  return { result, around: { load: loadavg()[0] ?? 0, steal } };
}

async function cpuTimes(): Promise<{ total: number; steal: number }> {
  const [line = ''] = (await readFile('/proc/stat', 'utf8')).split('\n');
  const times = line.trim().split(/\s+/).slice(1, 9).map(Number);
  return { total: times.reduce((sum, one) => sum + one, 0), steal: times[7] ?? 0 };
}
