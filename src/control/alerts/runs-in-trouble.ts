import { and, count, eq, gte, isNull, lt, min, sql } from 'drizzle-orm';
import type { RunKind } from '../../journal/runs/rules.ts';
import { runs } from '../../journal/runs/tables.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { type Finding, type Known, risenBy } from './rules.ts';

/** Open runs of one kind of which the workflow's own step fails again and again. */
export type FailingRuns = { kind: RunKind; total: number; example: string };

/** Counts a tenant's runs whose workflow task has failed so often in a row. */
export async function countFailingRuns(
  tx: Tx,
  at: { tenant: string; failures: number },
): Promise<FailingRuns[]> {
  return tx
    .select({ kind: runs.kind, total: count(), example: sql<string>`min(${runs.id}::text)` })
    .from(runs)
    .where(and(eq(runs.tenantId, at.tenant), isNull(runs.endedAt), gte(runs.taskFailures, at.failures)))
    .groupBy(runs.kind);
}

/** What is told of failing runs: a tenant's own, or those of all with how many tenants that are. */
export function failingFindings(
  failing: readonly FailingRuns[],
  { now, known, whose }: { now: Date; known: Known; whose: string },
): Finding[] {
  return [...Map.groupBy(failing, ({ kind }) => kind)].map(([subject, parts]) => {
    const kind = 'workflow_task_failing';
    const total = parts.reduce((sum, one) => sum + one.total, 0);
    const many = total === 1 ? `The run ${parts[0]?.example} ${whose} fails` : `${total} runs ${whose} fail`;
    return {
      kind,
      subject,
      severity: 'critical',
      summary: `${many} at one step again and again: a worker has a wrong payload key or build. Put it right; after ten failures in a row a run is ended and its lead held.`,
      fresh: risenBy(total, known.open.get(`${kind}/${subject}`)),
      seenAt: now,
    };
  });
}

/** An open workflow that no run stands for, of which its own step fails again and again. */
export type FailingWorkflow = { type: string; workflowId: string };

/** What who runs the installation is told of such workflows: one finding for each type. */
export function failingWorkflowFindings(
  failing: readonly FailingWorkflow[],
  { now, known }: { now: Date; known: Known },
): Finding[] {
  return [...Map.groupBy(failing, ({ type }) => type)].map(([subject, all]) => {
    const total = all.length;
    const kind = 'workflow_task_failing';
    const many =
      total === 1 ? `The workflow ${all[0]?.workflowId} fails` : `${total} workflows of type ${subject} fail`;
    return {
      kind,
      subject,
      severity: 'critical',
      summary: `${many} at one step again and again: a worker has a wrong payload key or build. Put it right, and the work goes on by itself.`,
      fresh: risenBy(total, known.open.get(`${kind}/${subject}`)),
      seenAt: now,
    };
  });
}

/** Runs that were asked for and that no workflow has begun. */
export type WaitingRuns = { total: number; oldest: Date | null };

/** Counts a tenant's runs that have waited since before a moment. */
export async function countWaitingRuns(
  tx: Tx,
  at: { tenant: string; requestedBefore: Date },
): Promise<WaitingRuns> {
  const [row] = await tx
    .select({ total: count(), oldest: min(runs.requestedAt) })
    .from(runs)
    .where(
      and(
        eq(runs.tenantId, at.tenant),
        isNull(runs.endedAt),
        isNull(runs.claimedAt),
        lt(runs.requestedAt, at.requestedBefore),
      ),
    );
  return row ?? { total: 0, oldest: null };
}
