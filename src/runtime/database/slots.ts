/** A number of places; who finds none waits for one. */
export type Slots = {
  /** Runs `work` in a place; fails with what `tooLate` makes when none became free in time. */
  run<T>(work: () => Promise<T>): Promise<T>;
};

/** Places in front of a connection pool, since the pool itself lets callers wait for ever. */
export function createSlots(count: number, options: { waitMs: number; tooLate: () => Error }): Slots {
  let free = count;
  const waiting = new Set<() => void>();

  const enter = async (): Promise<void> => {
    if (free > 0) {
      free -= 1;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      waiting.delete(resolve);
      reject(options.tooLate());
    }, options.waitMs);
    waiting.add(resolve);
    await promise.finally(() => clearTimeout(timer));
  };
  const leave = (): void => {
    const [next] = waiting;
    if (!next) {
      free += 1;
      return;
    }
    waiting.delete(next);
    next();
  };

  return {
    run: async (work) => {
      await enter();
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
