import { AsyncLocalStorage } from 'node:async_hooks';
import type { WithMachineLock } from '../browser/machine-lock.ts';
import { processTimes } from '../browser/process-tree.ts';

/** CPU time of one process so far, by a name that no later process has. */
export type ProcessTime = { process: string; cpuMs: number };

/** What one scan has used. */
export type CpuShare = {
  /** Counts while this runs. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Ends the share and tells its CPU time. */
  close(): Promise<number>;
};

/** Shares the CPU time of this process and all below it evenly among the scans at work at that time. */
export type CpuMeter = {
  open(): Promise<CpuShare>;
  /** The lock, but who waits for it is not at work. */
  exceptWaiting(withLock: WithMachineLock): WithMachineLock;
};

type Open = { cpuMs: number; working: boolean };

/** A process that ends between two looks takes what it used since the first one with it. */
const LOOK_EVERY_MS = 500;

/** Makes the meter of one worker process. */
export function createCpuMeter(look: () => ProcessTime[] = () => processTimes(process.pid)): CpuMeter {
  const open = new Set<Open>();
  const current = new AsyncLocalStorage<Open>();
  let known = new Map<string, number>();
  let looks = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  /** Gives what was used since the last look to those who were at work, then lets `change` change who is. */
  const account = (change: () => void = () => undefined): Promise<void> => {
    looks = looks.then(async () => {
      const times = new Map(look().map(({ process: name, cpuMs }) => [name, cpuMs]));
      let usedMs = 0;
      for (const [name, cpuMs] of times) usedMs += Math.max(0, cpuMs - (known.get(name) ?? 0));
      known = times;
      const working = [...open].filter((one) => one.working);
      for (const one of working) one.cpuMs += usedMs / working.length;
      change();
    });
    return looks;
  };
  const watch = (): void => {
    clearInterval(timer);
    timer = open.size === 0 ? undefined : setInterval(() => void account(), LOOK_EVERY_MS).unref();
  };

  return {
    open: async () => {
      const share: Open = { cpuMs: 0, working: true };
      await account(() => open.add(share));
      watch();
      return {
        run: (work) => current.run(share, work),
        close: async () => {
          await account(() => open.delete(share));
          watch();
          return Math.round(share.cpuMs);
        },
      };
    },
    exceptWaiting: (withLock) => async (mode, options, fn) => {
      const share = current.getStore();
      if (!share) return withLock(mode, options, fn);
      const set = (working: boolean) =>
        account(() => {
          share.working = working;
        });
      await set(false);
      try {
        return await withLock(mode, options, async (held) => {
          await set(true);
          return fn(held);
        });
      } finally {
        share.working = true;
      }
    },
  };
}
