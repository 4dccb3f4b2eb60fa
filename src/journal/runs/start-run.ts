import type { Gateway } from '../../../temporal/gateway-type.ts';
import { systemScope } from '../../kernel/actor.ts';
import { AgosError } from '../../kernel/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Database } from '../../runtime/database/database.ts';
import { markStarted, type RunRow } from './repository.ts';

export type StartRunDeps = { db: Database; clock: Clock; gateway: Pick<Gateway, 'start'> };

/** Starts the workflow of one committed run and notes that Temporal has it; throws `temporal_unavailable`. */
export async function startRun(deps: StartRunDeps, run: RunRow): Promise<'started' | 'already_running'> {
  const { db, clock, gateway } = deps;
  const { outcome, temporalRunId } = await gateway.start({
    kind: run.kind,
    workflowId: run.workflowId,
    tenant: run.tenantId,
    runId: run.id,
    leadId: run.leadId,
    input: run.input,
    summary: run.target ?? run.kind,
  });
  // An open workflow may belong to an older run of this id: if it is this run's, it claims it by itself.
  if (outcome === 'already_running') return outcome;
  await db.withTenant(systemScope(run.tenantId, run.createdBy), (tx) =>
    markStarted(tx, { tenant: run.tenantId, id: run.id, temporalRunId, now: clock.now() }),
  );
  return outcome;
}

/** Starts a run right after its commit; while Temporal is away the sweep does it later. */
export async function startSoon(deps: StartRunDeps, run: RunRow): Promise<void> {
  try {
    await startRun(deps, run);
  } catch (error) {
    if (!(error instanceof AgosError) || error.details.retryAfterSeconds === undefined) throw error;
  }
}
