/** Runs one task at a time for each key, in the order of asking. */
export type KeyedLock = { run<T>(key: string, task: () => Promise<T>, signal?: AbortSignal): Promise<T> };

/** Makes a lock that lives in this process; a key that nobody waits for takes no memory. */
export function createKeyedLock(): KeyedLock {
  const tails = new Map<string, Promise<void>>();
  return {
    async run(key, task, signal) {
      const before = tails.get(key) ?? Promise.resolve();
      const { promise: done, resolve: release } = Promise.withResolvers<void>();
      const tail = before.then(() => done);
      tails.set(key, tail);
      try {
        await before;
        signal?.throwIfAborted();
        return await task();
      } finally {
        release();
        if (tails.get(key) === tail) tails.delete(key);
      }
    },
  };
}
