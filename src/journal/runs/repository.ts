import { and, asc, eq, isNull, sql } from 'drizzle-orm';
import type { Database, Tx } from '../../runtime/database/database.ts';
import type { RunEnd } from './rules.ts';
import { runs } from './tables.ts';

export type RunRow = typeof runs.$inferSelect;
export type NewRun = Omit<typeof runs.$inferInsert, 'status' | 'requestedAt'>;
type RunKey = { tenant: string; id: string };

/** Requests a run in the caller's transaction; while one of the same workflow id is open, answers with that. */
export async function requestRun(tx: Tx, run: NewRun): Promise<{ run: RunRow; created: boolean }> {
  const [added] = await tx.insert(runs).values(run).onConflictDoNothing().returning();
  if (added) return { run: added, created: true };
  const open = await findOpenRun(tx, run.tenantId, run.workflowId);
  // The open run ended between the two statements: the second try finds the way free.
  return open ? { run: open, created: false } : requestRun(tx, run);
}

/** The open run of a workflow id, or null. */
export async function findOpenRun(tx: Tx, tenant: string, workflowId: string): Promise<RunRow | null> {
  const [row] = await tx
    .select()
    .from(runs)
    .where(and(eq(runs.tenantId, tenant), eq(runs.workflowId, workflowId), isNull(runs.endedAt)));
  return row ?? null;
}

/** A run that the actor may see, or null. */
export async function findRun(tx: Tx, key: RunKey): Promise<RunRow | null> {
  const [row] = await tx.select().from(runs).where(byKey(key));
  return row ?? null;
}

/** Notes that Temporal has accepted a run. */
export async function markStarted(
  tx: Tx,
  started: RunKey & { temporalRunId: string; now: Date },
): Promise<void> {
  await tx
    .update(runs)
    .set({
      startedAt: started.now,
      temporalRunId: started.temporalRunId,
      status: sql`case when ${runs.status} = 'requested' then 'started' else ${runs.status} end`,
    })
    .where(and(byKey(started), isNull(runs.startedAt)));
}

/**
 * Claims a run for its workflow and answers with it; a workflow that an operator reset claims it again.
 * Null when the run ended before anything claimed it, or does not exist.
 */
export async function claimRun(
  tx: Tx,
  claim: RunKey & { temporalRunId: string; now: Date },
): Promise<RunRow | null> {
  const [open] = await tx
    .update(runs)
    .set({
      status: 'running',
      temporalRunId: claim.temporalRunId,
      startedAt: sql`coalesce(${runs.startedAt}, ${claim.now.toISOString()}::timestamptz)`,
      claimedAt: sql`coalesce(${runs.claimedAt}, ${claim.now.toISOString()}::timestamptz)`,
    })
    .where(and(byKey(claim), isNull(runs.endedAt)))
    .returning();
  if (open) return open;
  const ended = await findRun(tx, claim);
  return ended?.claimedAt ? ended : null;
}

/** Ends a run once; a run that has ended stays as it is. Answers with the run when this call ended it. */
export async function endRun(tx: Tx, end: RunKey & RunEnd & { now: Date }): Promise<RunRow | null> {
  const [row] = await tx
    .update(runs)
    .set({ status: end.status, endCode: end.code, endMessage: end.message, endedAt: end.now })
    .where(and(byKey(end), isNull(runs.endedAt)))
    .returning();
  return row ?? null;
}

/** Notes that somebody asked to cancel a run. */
export async function markCancelRequested(tx: Tx, key: RunKey & { now: Date }): Promise<void> {
  await tx
    .update(runs)
    .set({ cancelRequestedAt: key.now })
    .where(and(byKey(key), isNull(runs.cancelRequestedAt)));
}

/** Runs of every tenant that Temporal has not accepted yet, oldest first. */
export function findUnmarked(db: Database, limit: number): Promise<RunRow[]> {
  return db.withSystem('unmarked_runs', (tx) =>
    tx
      .select()
      .from(runs)
      .where(and(isNull(runs.startedAt), isNull(runs.endedAt)))
      .orderBy(asc(runs.requestedAt))
      .limit(limit),
  );
}

/** Open runs of every tenant that Temporal has accepted, oldest first. */
export function findOpenRuns(db: Database, limit: number): Promise<RunRow[]> {
  return db.withSystem('open_runs', (tx) =>
    tx
      .select()
      .from(runs)
      .where(and(sql`${runs.startedAt} is not null`, isNull(runs.endedAt)))
      .orderBy(asc(runs.requestedAt))
      .limit(limit),
  );
}

const byKey = (key: RunKey) => and(eq(runs.tenantId, key.tenant), eq(runs.id, key.id));
