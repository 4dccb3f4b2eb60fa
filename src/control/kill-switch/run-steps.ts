import { and, asc, count, desc, eq, gt, inArray, isNull, lt, lte, or, type SQL, sql } from 'drizzle-orm';
import { runs } from '../../journal/runs/tables.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { audits } from '../../triage/audits/tables.ts';
import type { StepOutcome } from './rules.ts';
import { runSteps } from './tables.ts';

export type RunStepRow = typeof runSteps.$inferSelect;
export type NewRunStep = Pick<
  typeof runSteps.$inferInsert,
  'tenantId' | 'id' | 'runId' | 'leadId' | 'step' | 'worker' | 'createdBy'
>;

/** Notes that a step begins. */
export async function insertStep(tx: Tx, step: NewRunStep): Promise<void> {
  await tx.insert(runSteps).values(step);
}

/** Notes how a step ended; the worker's own word stands over one that it was lost. */
export async function endStep(
  tx: Tx,
  step: { tenant: string; id: string; outcome: StepOutcome },
): Promise<void> {
  await tx
    .update(runSteps)
    .set({ endedAt: sql`clock_timestamp()`, outcome: step.outcome })
    .where(and(eq(runSteps.tenantId, step.tenant), eq(runSteps.id, step.id)));
}

/** Gives up on attempts of a run whose worker never said how they ended: of one step, or of all. */
export async function loseSteps(
  tx: Tx,
  where: { tenant: string; runId: string; step?: string },
): Promise<void> {
  await tx
    .update(runSteps)
    .set({ endedAt: sql`clock_timestamp()`, outcome: 'lost' })
    .where(
      and(
        eq(runSteps.tenantId, where.tenant),
        eq(runSteps.runId, where.runId),
        isNull(runSteps.endedAt),
        where.step === undefined ? undefined : eq(runSteps.step, where.step),
      ),
    );
}

/** A time during which work was stopped, of one tenant, or of all when it is null. */
export type StoppedTime = { tenant: string | null; from: Date; until: Date | null };

/** What the receipt lists of each kind at most; the counts are whole. */
export const MOST_LISTED = 200;

/** Steps that were at work when the switch was turned on, or began in that moment; oldest first. */
export async function findStepsDuring(tx: Tx, { tenant, from, until }: StoppedTime): Promise<RunStepRow[]> {
  return tx
    .select()
    .from(runSteps)
    .where(
      and(
        ofTenant(runSteps.tenantId, tenant),
        or(isNull(runSteps.endedAt), gt(runSteps.endedAt, from)),
        until ? lt(runSteps.startedAt, until) : undefined,
      ),
    )
    .orderBy(asc(runSteps.startedAt));
}

/** How many runs were asked for and had not ended when the switch was turned on. */
export async function countRunsAt(tx: Tx, { tenant, from }: Omit<StoppedTime, 'until'>): Promise<number> {
  const [row] = await tx
    .select({ n: count() })
    .from(runs)
    .where(
      and(
        ofTenant(runs.tenantId, tenant),
        lte(runs.requestedAt, from),
        or(isNull(runs.endedAt), gt(runs.endedAt, from)),
      ),
    );
  return row?.n ?? 0;
}

type Before = { tenant: string | null; since: Date; from: Date };

/** Steps that had ended between a moment and the switch: newest first, and how many. */
export async function findStepsBefore(
  tx: Tx,
  { tenant, since, from }: Before,
): Promise<{ count: number; latest: RunStepRow[] }> {
  const where = and(
    ofTenant(runSteps.tenantId, tenant),
    gt(runSteps.endedAt, since),
    lte(runSteps.endedAt, from),
    inArray(runSteps.outcome, ['done', 'failed']),
  );
  const [row] = await tx.select({ n: count() }).from(runSteps).where(where);
  const latest = await tx
    .select()
    .from(runSteps)
    .where(where)
    .orderBy(desc(runSteps.endedAt))
    .limit(MOST_LISTED);
  return { count: row?.n ?? 0, latest };
}

export type EndedAudit = { id: string; leadId: string | null; status: string; completedAt: Date | null };

/** Audits that had ended between a moment and the switch: newest first, and how many. */
export async function findAuditsBefore(
  tx: Tx,
  { tenant, since, from }: Before,
): Promise<{ count: number; latest: EndedAudit[] }> {
  const where = and(
    ofTenant(audits.tenantId, tenant),
    gt(audits.completedAt, since),
    lte(audits.completedAt, from),
  );
  const [row] = await tx.select({ n: count() }).from(audits).where(where);
  const latest = await tx
    .select({
      id: audits.id,
      leadId: audits.leadId,
      status: audits.status,
      completedAt: audits.completedAt,
    })
    .from(audits)
    .where(where)
    .orderBy(desc(audits.completedAt))
    .limit(MOST_LISTED);
  return { count: row?.n ?? 0, latest };
}

function ofTenant(
  column: typeof runs.tenantId | typeof runSteps.tenantId | typeof audits.tenantId,
  tenant: string | null,
): SQL | undefined {
  return tenant === null ? undefined : eq(column, tenant);
}
