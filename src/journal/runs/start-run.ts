import { and, eq } from 'drizzle-orm';
import type { Gateway } from '../../../temporal/gateway-type.ts';
import { systemScope } from '../../kernel/actor.ts';
import { AgosError } from '../../kernel/errors.ts';
import { leadBatches } from '../../leads/batches/tables.ts';
import { leads } from '../../leads/leads/tables.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Database, Tx } from '../../runtime/database/database.ts';
import { inTraceOf } from '../../runtime/telemetry/spans.ts';
import { findRun, markStarted, type RunRow } from './repository.ts';

export type StartRunDeps = { db: Database; gateway: Pick<Gateway, 'start'>; clock: Clock };

/**
 * `already_running`: a workflow with this id is open, perhaps that of the run before, which is just ending;
 * `unavailable`: Temporal does not answer. In both cases the run stays unmarked and the sweep tries again.
 * `not_needed`: somebody else has started the run, or it has ended, since the row was read.
 */
export type StartRunOutcome = 'started' | 'already_running' | 'unavailable' | 'not_needed';

/** Starts the workflow of a committed run and marks it; never fails because Temporal is down. */
export async function startRun(deps: StartRunDeps, run: RunRow): Promise<StartRunOutcome> {
  const { db, gateway, clock } = deps;
  const scope = systemScope(run.tenantId, run.createdBy);
  const summary = await db.withTenant(scope, async (tx) => {
    const current = await findRun(tx, run.tenantId, run.id);
    return current?.status === 'requested' ? summaryOf(tx, run) : null;
  });
  if (summary === null) return 'not_needed';
  try {
    const { tenantId, kind, workflowId, leadId, input } = run;
    const request = { kind, workflowId, tenant: tenantId, runId: run.id, leadId, input, summary };
    const { outcome, temporalRunId } = await inTraceOf(run.traceparent, () => gateway.start(request));
    if (outcome === 'already_running') return outcome;
    const mark = { tenant: tenantId, id: run.id, temporalRunId, now: clock.now() };
    await db.withTenant(scope, (tx) => markStarted(tx, mark));
    return outcome;
  } catch (error) {
    if (error instanceof AgosError && error.code === 'temporal_unavailable') return 'unavailable';
    throw error;
  }
}

/** What the Web UI shows for the workflow: the lead's domain, the audited URL or the batch's name. */
async function summaryOf(tx: Tx, run: RunRow): Promise<string> {
  if (run.target !== null) return run.target;
  if (run.leadId !== null) {
    const [lead] = await tx
      .select({ domain: leads.domain })
      .from(leads)
      .where(and(eq(leads.tenantId, run.tenantId), eq(leads.id, run.leadId)));
    if (lead) return lead.domain;
  }
  if (run.subjectId !== null) {
    const [batch] = await tx
      .select({ name: leadBatches.name })
      .from(leadBatches)
      .where(and(eq(leadBatches.tenantId, run.tenantId), eq(leadBatches.id, run.subjectId)));
    if (batch) return batch.name;
  }
  return run.kind;
}
