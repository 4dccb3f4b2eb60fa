import { and, eq, isNotNull, isNull, lt, or, sql } from 'drizzle-orm';
import type { Database, Tx } from '../../runtime/database/database.ts';
import {
  keyset,
  type PageOf,
  type PageRequest,
  type SortColumns,
  toPage,
} from '../../runtime/database/keyset.ts';
import type { RunEnd, RunKind, RunStatus } from './rules.ts';
import { runs } from './tables.ts';

export type RunRow = typeof runs.$inferSelect;
export type NewRun = Pick<
  typeof runs.$inferInsert,
  'tenantId' | 'kind' | 'workflowId' | 'input' | 'createdBy' | 'id'
> &
  Partial<Pick<typeof runs.$inferInsert, 'leadId' | 'subjectId' | 'target' | 'requestId' | 'traceparent'>>;

/** Names one run of one tenant. */
type RunKey = { tenant: string; id: string };

/**
 * Asks for a workflow in the caller's transaction. While a run of the workflow id is open, that run is the
 * answer (`created: false`) and no second one is made.
 */
export async function requestRun(tx: Tx, run: NewRun): Promise<{ run: RunRow; created: boolean }> {
  // The open run may end between insert and look-up; then the next insert succeeds.
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const [made] = await tx
      .insert(runs)
      .values(run)
      .onConflictDoNothing({ target: [runs.tenantId, runs.workflowId], where: sql`ended_at is null` })
      .returning();
    if (made) return { run: made, created: true };
    const [open] = await tx
      .select()
      .from(runs)
      .where(and(eq(runs.tenantId, run.tenantId), eq(runs.workflowId, run.workflowId), isNull(runs.endedAt)));
    if (open) return { run: open, created: false };
  }
  throw new Error(`no run of ${run.workflowId} can be requested or read`);
}

/** The Temporal run that works on a run, and the first one of its chain of resets and continuations. */
export type TemporalRun = { temporalRunId: string; firstTemporalRunId: string };

/** Notes that Temporal has started the run's workflow; nothing changes once it is claimed or ended. */
export async function markStarted(
  tx: Tx,
  mark: RunKey & { temporalRunId: string; now: Date },
): Promise<void> {
  await tx
    .update(runs)
    .set({ status: 'started', temporalRunId: mark.temporalRunId, startedAt: mark.now })
    .where(and(byId(mark), eq(runs.status, 'requested')));
}

/**
 * The workflow's first step takes its run; a reset workflow claims it once more. Null when the run ended
 * before any workflow saw it, or another start of it was first: a claimed run is never started again.
 */
export async function claimRun(tx: Tx, claim: RunKey & TemporalRun & { now: Date }): Promise<RunRow | null> {
  const first = claim.firstTemporalRunId;
  const [row] = await tx
    .update(runs)
    .set({
      status: sql`case when ${runs.endedAt} is null then 'running' else ${runs.status} end`,
      temporalRunId: claim.temporalRunId,
      firstTemporalRunId: first,
      startedAt: sql`coalesce(${runs.startedAt}, ${claim.now.toISOString()}::timestamptz)`,
      claimedAt: sql`coalesce(${runs.claimedAt}, ${claim.now.toISOString()}::timestamptz)`,
    })
    .where(
      and(
        byId(claim),
        or(isNull(runs.endedAt), isNotNull(runs.claimedAt)),
        or(isNull(runs.firstTemporalRunId), eq(runs.firstTemporalRunId, first)),
      ),
    )
    .returning();
  return row ?? null;
}

/**
 * Ends a run; false when it has ended before. An end that was only found from outside (`run_lost` and its
 * like) gives way to the workflow's own, which may come after a reset.
 */
export async function endRun(tx: Tx, end: RunKey & RunEnd & { now: Date }): Promise<boolean> {
  const ended = await tx
    .update(runs)
    .set({ status: end.status, endCode: end.code, endMessage: end.message, endedAt: end.now })
    .where(and(byId(end), or(isNull(runs.endedAt), sql`starts_with(${runs.endCode}, 'run_')`)))
    .returning({ id: runs.id });
  return ended.length > 0;
}

/** A run that the actor may see, or null. */
export async function findRun(tx: Tx, tenant: string, id: string): Promise<RunRow | null> {
  const [row] = await tx.select().from(runs).where(byId({ tenant, id }));
  return row ?? null;
}

/** A run, locked until the transaction ends, or null. */
export async function lockRun(tx: Tx, tenant: string, id: string): Promise<RunRow | null> {
  const [row] = await tx.select().from(runs).where(byId({ tenant, id })).for('update');
  return row ?? null;
}

/** Notes that somebody asked to cancel the run; false when somebody had asked before. */
export async function requestCancel(
  tx: Tx,
  cancel: RunKey & { now: Date; by: string; reason: string | null },
): Promise<boolean> {
  const asked = await tx
    .update(runs)
    .set({ cancelRequestedAt: cancel.now, cancelRequestedBy: cancel.by, cancelReason: cancel.reason })
    .where(and(byId(cancel), isNull(runs.cancelRequestedAt), isNull(runs.endedAt)))
    .returning({ id: runs.id });
  return asked.length > 0;
}

/** Notes how often the workflow's own step has failed in a row. */
export async function noteTaskFailures(tx: Tx, note: RunKey & { failures: number }): Promise<void> {
  await tx
    .update(runs)
    .set({ taskFailures: note.failures })
    .where(and(byId(note), isNull(runs.endedAt)));
}

/** Notes that the run's workflow was told to cancel. */
export async function markCancelDelivered(tx: Tx, cancel: RunKey & { now: Date }): Promise<void> {
  await tx.update(runs).set({ cancelDeliveredAt: cancel.now }).where(byId(cancel));
}

export const RUN_SORTS: SortColumns<'requested_at'> = { requested_at: { by: runs.id, type: 'uuid' } };
export type RunFilter = {
  status?: RunStatus | undefined;
  kind?: RunKind | undefined;
  leadId?: string | undefined;
};

/** One page of the runs that the actor may see. */
export async function listRuns(
  tx: Tx,
  tenant: string,
  filter: RunFilter,
  page: PageRequest<'requested_at'>,
): Promise<PageOf<RunRow>> {
  const { key, after, orderBy, limit } = keyset(page, RUN_SORTS, runs.id);
  const found = await tx
    .select({ row: runs, key })
    .from(runs)
    .where(
      and(
        eq(runs.tenantId, tenant),
        filter.status && eq(runs.status, filter.status),
        filter.kind && eq(runs.kind, filter.kind),
        filter.leadId ? eq(runs.leadId, filter.leadId) : undefined,
        after,
      ),
    )
    .orderBy(...orderBy)
    .limit(limit);
  return toPage(found, page);
}

/** Runs of every tenant that were requested before this moment and that Temporal has not confirmed, oldest first. */
export async function findUnmarked(
  db: Database,
  where: { requestedBefore: Date; limit: number },
): Promise<RunRow[]> {
  return db.withSystem('unmarked_runs', (tx) =>
    tx
      .select()
      .from(runs)
      .where(
        and(isNull(runs.endedAt), eq(runs.status, 'requested'), lt(runs.requestedAt, where.requestedBefore)),
      )
      .orderBy(runs.requestedAt)
      .limit(where.limit),
  );
}

/** How many runs of all tenants Temporal has not confirmed, and for how long the oldest of them has waited. */
export async function readOutboxLag(db: Database): Promise<{ unmarked: number; oldestSeconds: number }> {
  return db.withSystem('outbox_lag', async (tx) => {
    const [row] = await tx
      .select({
        unmarked: sql<number>`count(*)::int`,
        oldest: sql<number>`coalesce(extract(epoch from clock_timestamp() - min(${runs.requestedAt})), 0)::float8`,
      })
      .from(runs)
      .where(and(isNull(runs.endedAt), eq(runs.status, 'requested')));
    return { unmarked: row?.unmarked ?? 0, oldestSeconds: Math.max(0, row?.oldest ?? 0) };
  });
}

/** Open runs of every tenant whose workflow has still to be told that it is cancelled. */
export async function findUndeliveredCancels(db: Database, where: { limit: number }): Promise<RunRow[]> {
  return db.withSystem('undelivered_cancels', (tx) =>
    tx
      .select()
      .from(runs)
      .where(and(isNull(runs.endedAt), isNotNull(runs.cancelRequestedAt), isNull(runs.cancelDeliveredAt)))
      .orderBy(runs.cancelRequestedAt)
      .limit(where.limit),
  );
}

/** Open runs of every tenant that Temporal has confirmed, oldest first, after this id: their workflows should be alive. */
export async function findOpenRuns(
  db: Database,
  where: { startedBefore: Date; afterId?: string | undefined; limit: number },
): Promise<RunRow[]> {
  return db.withSystem('open_runs', (tx) =>
    tx
      .select()
      .from(runs)
      .where(
        and(
          isNull(runs.endedAt),
          lt(runs.startedAt, where.startedBefore),
          where.afterId ? sql`${runs.id} > ${where.afterId}::uuid` : undefined,
        ),
      )
      .orderBy(runs.id)
      .limit(where.limit),
  );
}

const byId = ({ tenant, id }: RunKey) => and(eq(runs.tenantId, tenant), eq(runs.id, id));
