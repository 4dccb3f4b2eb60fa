import { AgosError } from '../kernel/errors.ts';
import { createFairRoom } from './fair-room.ts';

/** The bytes of bodies and files that one process holds at once, over all requests. */
export type ByteBudget = {
  /** Takes so many for a tenant; what it resolves to gives them back. Throws `server_busy` when none became free in time. */
  take(tenant: string, bytes: number): Promise<() => void>;
};

/** A fifth of what `docker-compose.yml` gives the process: a body is also copied while it is read or translated. */
const HELD_BYTES = 200_000_000;
const WAIT_MS = 3_000;

/** One for each process: it counts what all its servers hold. */
export function createByteBudget(totalBytes = HELD_BYTES, waitMs = WAIT_MS): ByteBudget {
  const room = createFairRoom(totalBytes, { mostForOne: totalBytes / 2, waitMs, tooLate: tooBusy });
  return { take: (tenant, bytes) => room.enter(tenant, bytes) };
}

const tooBusy = (): AgosError =>
  new AgosError('server_busy', 'Too many large files are on their way right now. Try again shortly.', {
    retryAfterSeconds: 5,
  });
