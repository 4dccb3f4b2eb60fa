import { systemScope } from '../../kernel/actor.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Database, Tx } from '../../runtime/database/database.ts';
import { endReservation, findStaleReservations, type SpendEntryRow } from './repository.ts';

const ENTRIES_PER_PASS = 1_000;

/**
 * Ends what killed workers have left. A model may have been paid for without our hearing of it, so its call
 * counts as reserved; a scan that left nothing behind is not paid, since the one that follows it is.
 */
export async function sweepReservations(deps: {
  db: Database;
  clock: Clock;
  /** Adds what was settled to the work that it was for, so that ledger and work tell the same. */
  charge(tx: Tx, entry: SpendEntryRow, microUsd: number): Promise<void>;
}): Promise<number> {
  const now = deps.clock.now();
  let ended = 0;
  for (const entry of await findStaleReservations(deps.db, { before: now, limit: ENTRIES_PER_PASS })) {
    const { tenantId: tenant, key, createdBy } = entry;
    const end =
      entry.kind === 'model_call'
        ? { state: 'settled' as const, microUsd: 'reserved' as const }
        : { state: 'released' as const, microUsd: 0 };
    const done = await deps.db.withTenant(systemScope(tenant, createdBy), async (tx) => {
      const microUsd = await endReservation(tx, { tenant, key, ...end, now });
      if (microUsd) await deps.charge(tx, entry, microUsd);
      return microUsd;
    });
    if (done !== null) ended += 1;
  }
  return ended;
}
