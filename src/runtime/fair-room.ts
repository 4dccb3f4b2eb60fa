/** Room that several parties share; who finds none waits for it. */
export type FairRoom = {
  /** Takes room; what it resolves to gives it back. Fails with what `tooLate` makes when none became free in time. */
  enter(party: string, size?: number): Promise<() => void>;
};

export type FairRoomOptions = {
  /** What one party can have at most, also when nobody else is there: whoever comes finds the rest. */
  mostForOne: number;
  waitMs: number;
  tooLate: () => Error;
};

type Waiting = { size: number; enter(): void };

/** Room that parties enter in turns, however many of one party wait. */
export function createFairRoom(total: number, { mostForOne, waitMs, tooLate }: FairRoomOptions): FairRoom {
  let taken = 0;
  const takenBy = new Map<string, number>();
  // In the order of their turns.
  const queues = new Map<string, Set<Waiting>>();

  const take = (party: string, size: number): void => {
    taken += size;
    takenBy.set(party, (takenBy.get(party) ?? 0) + size);
    if (takenBy.get(party) === 0) takenBy.delete(party);
  };
  const remove = (party: string, waiting: Waiting): void => {
    const queue = queues.get(party);
    queue?.delete(waiting);
    if (queue?.size === 0) queues.delete(party);
  };
  const passTurn = (party: string): void => {
    const queue = queues.get(party);
    if (queue && queues.delete(party)) queues.set(party, queue);
  };
  const serve = (): void => {
    for (const [party, [next]] of queues) {
      if (!next || (takenBy.get(party) ?? 0) + next.size > mostForOne) continue;
      // Room is kept for it: smaller ones that pass would let it wait for ever.
      if (taken + next.size > total) return;
      take(party, next.size);
      remove(party, next);
      passTurn(party);
      next.enter();
    }
  };
  const wait = (party: string, size: number): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      remove(party, waiting);
      serve();
      reject(tooLate());
    }, waitMs);
    const waiting: Waiting = {
      size,
      enter: () => {
        clearTimeout(timer);
        resolve();
      },
    };
    queues.set(party, (queues.get(party) ?? new Set()).add(waiting));
    serve();
    return promise;
  };

  return {
    enter: async (party, size = 1) => {
      await wait(party, size);
      let isInside = true;
      return () => {
        if (!isInside) return;
        isInside = false;
        take(party, -size);
        serve();
      };
    },
  };
}
