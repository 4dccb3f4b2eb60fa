import type { Gateway } from '../../../temporal/gateway-type.ts';
import type { TenantScope } from '../../kernel/actor.ts';
import type { Database } from '../../runtime/database/database.ts';
import { markCancelDelivered, type RunRow } from './repository.ts';

/** Name of the signal by which every workflow is cancelled. */
const CANCEL_SIGNAL = 'cancel';

/** Tells a run's workflow to cancel and notes that; throws `temporal_unavailable` and `run_ended`. */
export async function deliverCancel(
  deps: { db: Database; gateway: Pick<Gateway, 'signal'> },
  ctx: { scope: TenantScope; now: Date },
  run: RunRow,
): Promise<void> {
  await deps.gateway.signal(run.workflowId, CANCEL_SIGNAL, { reason: run.cancelReason });
  await deps.db.withTenant(ctx.scope, (tx) =>
    markCancelDelivered(tx, { tenant: run.tenantId, id: run.id, now: ctx.now }),
  );
}
