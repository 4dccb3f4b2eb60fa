import { and, eq, isNull } from 'drizzle-orm';
import {
  type ImportLeadsInput,
  type ImportLeadsResult,
  importWorkflowId,
} from '../../../workflows/leads/import-leads/messages.ts';
import type { RunEndHook } from '../../journal/runs/end-hooks.ts';
import { endRun } from '../../journal/runs/repository.ts';
import { runs } from '../../journal/runs/tables.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { changeBatch, findBatch, lockBatch } from './repository.ts';
import { isBatchOpen } from './rules.ts';
import { batchItems } from './tables.ts';

export type ImportEnd = {
  status: Exclude<ImportLeadsResult['status'], 'superseded'>;
  /** Why it ended early; null for a completed one. */
  failure: { code: string; message: string } | null;
};

/**
 * Ends a batch that is open; false when it has ended before. Lines that still wait become `unprocessed`,
 * but a completed batch leaves those that wait for a person to their decision.
 */
export async function closeBatch(
  ctx: { tx: Tx; now: Date },
  batch: { tenant: string; id: string },
  { status, failure }: ImportEnd,
): Promise<boolean> {
  const { tx, now } = ctx;
  const row = await lockBatch(tx, batch.tenant, batch.id);
  if (!row || !isBatchOpen(row.status)) return false;
  const change = {
    status,
    completedAt: now,
    failure: status === 'failed' ? failure : null,
    paused: null,
  };
  await changeBatch(tx, batch.tenant, batch.id, change);
  if (status === 'completed') return true;
  await tx
    .update(batchItems)
    .set({ state: 'unprocessed' })
    .where(
      and(
        eq(batchItems.tenantId, batch.tenant),
        eq(batchItems.batchId, batch.id),
        eq(batchItems.state, 'pending'),
      ),
    );
  return true;
}

/** Ends an import: its batch, the lines that wait, and its run, in one transaction. Tells how the batch has ended. */
export async function endImport(
  ctx: { tx: Tx; now: Date },
  input: ImportLeadsInput,
  end: ImportEnd,
): Promise<ImportEnd['status']> {
  const { tenant } = input;
  const { code, message } = end.failure ?? { code: null, message: null };
  await endRun(ctx.tx, { tenant, id: input.run_id, status: end.status, code, message, now: ctx.now });
  // The run before its batch, as everywhere: who locks both in another order may wait for ever.
  await closeBatch(ctx, { tenant, id: input.batch_id }, end);
  // Somebody may have ended it before, so that the way it ended is not always the one asked for.
  const batch = await findBatch(ctx.tx, tenant, input.batch_id);
  return batch && !isBatchOpen(batch.status) ? batch.status : end.status;
}

/** Ids of the scans that this import asked for and that have not ended. */
export async function findOpenTriages(tx: Tx, input: ImportLeadsInput): Promise<string[]> {
  const rows = await tx
    .select({ id: runs.id })
    .from(runs)
    .where(
      and(
        eq(runs.tenantId, input.tenant),
        eq(runs.kind, 'triage-room'),
        eq(runs.requestId, requesterOf(input)),
        isNull(runs.endedAt),
      ),
    );
  return rows.map((row) => row.id);
}

/** What stands as the origin of the scans that an import asks for. */
export function requesterOf(input: Pick<ImportLeadsInput, 'tenant' | 'batch_id'>): string {
  return importWorkflowId(input.tenant, input.batch_id);
}

/** Ends the batch of an import that ended before any workflow began it. */
export const endUnseenImport: RunEndHook = {
  settle: async (ctx, run, end) => {
    if (run.subjectId === null) return;
    const status = end.status === 'cancelled' ? 'cancelled' : 'failed';
    const failure = {
      code: end.code ?? 'internal_error',
      message: end.message ?? 'The import did not begin.',
    };
    await closeBatch(ctx, { tenant: run.tenantId, id: run.subjectId }, { status, failure });
  },
};
