import type { Gateway } from '../../../temporal/gateway-type.ts';
import type { TenantScope } from '../../kernel/actor.ts';
import { AgosError } from '../../kernel/errors.ts';
import type { Database, Tx } from '../../runtime/database/database.ts';
import { recordAudit } from '../audit-log/record.ts';
import { deliverCancel } from './deliver-cancel.ts';
import { lockBeforeRun, type RunEndHooks, settleRunEnd } from './end-hooks.ts';
import { endRun, findRun, lockRun, type RunRow, requestCancel } from './repository.ts';
import { isOpen, type RunEnd } from './rules.ts';

export type CancelDeps = { db: Database; gateway: Gateway; runEndHooks: RunEndHooks };
export type CancelContext = {
  scope: TenantScope;
  now: Date;
  requestId: string | null;
  address: string | null;
};

/**
 * Cancels a run. One that Temporal has not seen ends at once; else its workflow is told, and ends it. Who
 * repeats a cancellation that has come true is answered with the run.
 * Throws `not_found`, `run_ended`, and `temporal_unavailable` when the workflow cannot be told now: then the
 * sweep tells it later.
 */
export async function cancelRun(
  deps: CancelDeps,
  ctx: CancelContext,
  input: { id: string; reason: string | null },
): Promise<RunRow> {
  const { db } = deps;
  const run = await db.withTenant(ctx.scope, (tx) => beginCancel(deps, { ...ctx, tx }, input));
  // Told once: who asks again and again may not fill the workflow's history with it.
  if (!isOpen(run.status) || run.cancelDeliveredAt) return run;
  await deliverCancel(deps, ctx, run).catch(explainDelay);
  return (await db.withTenant(ctx.scope, (tx) => findRun(tx, run.tenantId, run.id))) ?? run;
}

async function beginCancel(
  deps: CancelDeps,
  ctx: CancelContext & { tx: Tx },
  input: { id: string; reason: string | null },
): Promise<RunRow> {
  const { tx, scope, now } = ctx;
  const seen = await findRun(tx, scope.tenant, input.id);
  if (seen) await lockBeforeRun(deps.runEndHooks, tx, seen);
  const run = seen && (await lockRun(tx, scope.tenant, input.id));
  if (!run) throw new AgosError('not_found', 'There is no such run.');
  if (!isOpen(run.status)) {
    if (run.status === 'cancelled' && run.cancelRequestedBy === scope.actor.id) return run;
    throw new AgosError('run_ended', 'This run has ended already.');
  }
  const key = { tenant: run.tenantId, id: run.id, now };
  const isFirst = await requestCancel(tx, { ...key, by: scope.actor.id, reason: input.reason });
  const isUnseen = run.status === 'requested';
  if (isFirst) {
    const details = { kind: run.kind, reason: input.reason };
    const action = isUnseen ? 'run.cancelled' : 'run.cancel_requested';
    await recordAudit(ctx, { action, resourceType: 'run', resourceId: run.id, details });
  }
  if (!isUnseen) return (await findRun(tx, run.tenantId, run.id)) ?? run;
  const end: RunEnd = { status: 'cancelled', code: 'cancelled', message: 'Cancelled before it began.' };
  await endRun(tx, { ...key, ...end });
  await settleRunEnd(deps.runEndHooks, { tx, now }, run, end);
  return (await findRun(tx, run.tenantId, run.id)) ?? run;
}

/** What is committed will happen: the caller learns that there is no need to ask again. */
function explainDelay(error: unknown): never {
  if (!(error instanceof AgosError) || error.code !== 'temporal_unavailable') throw error;
  throw new AgosError(
    'temporal_unavailable',
    'The cancellation is recorded, but the workflow engine does not answer now: it is told as soon as it does. Follow the run.',
    error.details,
  );
}
