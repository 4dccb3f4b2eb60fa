import { deliverCancel } from '../../src/journal/runs/deliver-cancel.ts';
import { findUndeliveredCancels } from '../../src/journal/runs/repository.ts';
import { systemScope } from '../../src/kernel/actor.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { Database } from '../../src/runtime/database/database.ts';
import { quotedOf } from '../../src/runtime/error-message.ts';
import type { Gateway } from '../../temporal/gateway-type.ts';

/** Bounds a pass; what is left comes within seconds. */
const CANCELS_PER_PASS = 200;

export type DeliverDeps = {
  db: Database;
  clock: Clock;
  gateway: Pick<Gateway, 'signal'>;
  warn(message: string, about: Record<string, unknown>): void;
};

/** Tells workflows of cancellations that were asked for while Temporal was away; answers how many. */
export async function deliverCancels(deps: DeliverDeps): Promise<number> {
  let delivered = 0;
  for (const run of await findUndeliveredCancels(deps.db, { limit: CANCELS_PER_PASS })) {
    const ctx = { scope: systemScope(run.tenantId, run.createdBy), now: deps.clock.now() };
    try {
      await deliverCancel(deps, ctx, run);
      delivered += 1;
    } catch (error) {
      // The workflow of a run that is just ending is not open any more: its row says so soon.
      deps.warn('a cancellation could not be delivered', { run_id: run.id, reason: quotedOf(error) });
    }
  }
  return delivered;
}
