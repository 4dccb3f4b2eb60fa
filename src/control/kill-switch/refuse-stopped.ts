import { AgosError } from '../../kernel/errors.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { findStop } from './repository.ts';
import { type Stop, stopSentence } from './rules.ts';
import type { StopFile } from './stop-file.ts';

/** The refusal of work that a kill switch stops. */
export function stoppedError(stop: Stop): AgosError {
  return new AgosError('kill_switch_on', stopSentence(stop), {
    reach: stop.reach,
    reason: stop.reason,
    since: stop.since.toISOString(),
  });
}

/** Refuses new work of a tenant whose switch, or the global one, is on; throws `kill_switch_on`. */
export async function refuseWhileStopped(tx: Tx, tenant: string): Promise<void> {
  const stop = await findStop(tx, tenant);
  if (stop) throw stoppedError(stop);
}

/** A verb that asks for work, refused while the stop file of this machine is there. */
export function unlessStopFile<Args extends unknown[], Result>(
  stopFile: StopFile,
  verb: (...args: Args) => Promise<Result>,
): (...args: Args) => Promise<Result> {
  return async (...args) => {
    const standing = await stopFile.read();
    if (standing) throw stoppedError(standing);
    return verb(...args);
  };
}
