import { AgosError } from '../../kernel/errors.ts';
import type { Database } from '../../runtime/database/database.ts';
import { createFairRoom } from '../../runtime/fair-room.ts';
import { EVENTS_CHANNEL } from './rules.ts';

/** Streams of one tenant in one process. */
const STREAMS_PER_TENANT = 100;
/** What is committed within this time is read together. */
const GATHER_MS = 20;
/** Streams leave most connections of the pool to requests, and slow reads of one tenant leave some to the others. */
const READS_AT_ONCE = 4;
const READS_PER_TENANT = 2;
const READ_WAIT_MS = 30_000;

/** One stream that follows its tenant's events. */
export type Follower = {
  /** Waits until there may be something new; false when `ms` have passed first. */
  news(ms: number, signal: AbortSignal): Promise<boolean>;
  /** The process stops. */
  readonly closing: boolean;
  /** Resolves when the process stops. */
  closed: Promise<void>;
  leave(): void;
};

/** Wakes every stream of this process when its tenant has new events; one connection hears for all of them. */
export type EventHub = {
  /** Throws `rate_limit_exceeded` when the tenant has as many streams as it may. */
  requireRoom(tenant: string): void;
  /** Throws as `requireRoom` does. */
  join(tenant: string): Follower;
  /** Reads for a stream, few at once and fewer of one tenant. Throws `database_unavailable` when its turn does not come. */
  reading<T>(tenant: string, read: () => Promise<T>): Promise<T>;
  /** How many streams are open in this process. */
  openStreams(): number;
  /** Ends every stream. */
  close(): void;
};

type Place = { wake(): void };

/** Opens a hub; it begins to listen with its first stream. */
export function createEventHub(db: Pick<Database, 'listen'>): EventHub {
  const places = new Map<string, Set<Place>>();
  const gathering = new Map<string, NodeJS.Timeout>();
  const reads = createFairRoom(READS_AT_ONCE, {
    mostForOne: READS_PER_TENANT,
    waitMs: READ_WAIT_MS,
    tooLate: tooSlow,
  });
  let listening = false;
  let closing = false;
  const closed = Promise.withResolvers<void>();

  const wake = (tenant: string): void => {
    for (const place of places.get(tenant) ?? []) place.wake();
  };
  const wakeAll = (): void => {
    for (const tenant of places.keys()) wake(tenant);
  };
  const notified = (tenant: string): void => {
    if (!places.has(tenant) || gathering.has(tenant)) return;
    const soon = setTimeout(() => {
      gathering.delete(tenant);
      wake(tenant);
    }, GATHER_MS);
    gathering.set(tenant, soon);
  };

  const requireRoom = (tenant: string): void => {
    if ((places.get(tenant)?.size ?? 0) >= STREAMS_PER_TENANT) throw tooMany();
  };

  const follow = (tenant: string, here: Set<Place>): Follower => {
    let isNew = false;
    let resolve = (): void => {};
    const place: Place = {
      wake: () => {
        isNew = true;
        resolve();
      },
    };
    here.add(place);
    return {
      news: async (ms, signal) => {
        if (!isNew && !closing && !signal.aborted) {
          await new Promise<void>((done) => {
            const timer = setTimeout(() => resolve(), ms);
            resolve = () => {
              clearTimeout(timer);
              signal.removeEventListener('abort', resolve);
              done();
            };
            signal.addEventListener('abort', resolve, { once: true });
          });
        }
        const heard = isNew;
        isNew = false;
        return heard;
      },
      get closing() {
        return closing;
      },
      closed: closed.promise,
      leave: () => {
        here.delete(place);
        if (here.size === 0) places.delete(tenant);
      },
    };
  };

  return {
    requireRoom,
    join: (tenant) => {
      requireRoom(tenant);
      const here = places.get(tenant) ?? new Set();
      places.set(tenant, here);
      if (!listening) db.listen(EVENTS_CHANNEL, { notified, connected: wakeAll });
      listening = true;
      return follow(tenant, here);
    },
    reading: async (tenant, read) => {
      const leave = await reads.enter(tenant);
      try {
        return await read();
      } finally {
        leave();
      }
    },
    openStreams: () => [...places.values()].reduce((sum, here) => sum + here.size, 0),
    close: () => {
      closing = true;
      closed.resolve();
      wakeAll();
      for (const timer of gathering.values()) clearTimeout(timer);
    },
  };
}

const tooSlow = (): AgosError =>
  new AgosError('database_unavailable', 'The database is too busy. Try again shortly.', {
    retryAfterSeconds: 2,
  });

function tooMany(): AgosError {
  return new AgosError(
    'rate_limit_exceeded',
    `A tenant may have ${STREAMS_PER_TENANT} streams at once. Close one, or follow several things with one stream.`,
    { limit: STREAMS_PER_TENANT, retryAfterSeconds: 10 },
  );
}
