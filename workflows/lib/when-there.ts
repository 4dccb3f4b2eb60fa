import { patched, sleep } from '@temporalio/workflow';
import type { ErrorCode } from '../../src/kernel/errors.ts';
import { errorCodeOf, findFailure } from './failures.ts';

/** Parts of ours whose absence says nothing about the work that met it. */
const PARTS_AWAY: readonly ErrorCode[] = [
  'database_unavailable',
  'database_read_only',
  'storage_unavailable',
];

const LOOK_AGAIN_MS = 10_000;
/** As long as database work is tried for by its own profile. */
const GIVE_UP_AFTER_MS = 3_600_000;

/**
 * Runs a step that is tried a few times only, since a site may be at fault. While a part of ours is away those
 * tries are used up in seconds: then it waits and begins again, so that a restart of the database holds no lead.
 */
export async function whenThere<T>(step: () => Promise<T>): Promise<T> {
  const beganMs = Date.now();
  for (;;) {
    try {
      return await step();
    } catch (error) {
      const code = errorCodeOf(findFailure(error)?.type);
      if (!code || !PARTS_AWAY.includes(code) || !patched('wait-while-parts-are-away')) throw error;
      if (Date.now() - beganMs > GIVE_UP_AFTER_MS) throw error;
      await sleep(LOOK_AGAIN_MS);
    }
  }
}
