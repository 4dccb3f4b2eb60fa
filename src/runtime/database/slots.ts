import { createFairRoom, type FairRoomOptions } from '../fair-room.ts';

/** A number of places; who finds none waits for one. */
export type Slots = {
  /** Runs `work` in a place of one party's; fails with what `tooLate` makes when none became free in time. */
  run<T>(party: string, work: () => Promise<T>): Promise<T>;
};

/** Places in front of a connection pool, since the pool itself lets callers wait for ever and knows no turns. */
export function createSlots(count: number, options: FairRoomOptions): Slots {
  const room = createFairRoom(count, options);
  return {
    run: async (party, work) => {
      const leave = await room.enter(party);
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
