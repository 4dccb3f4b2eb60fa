import { and, eq } from 'drizzle-orm';
import type { ImportLeadsInput } from '../../../workflows/leads/import-leads/messages.ts';
import { claimRun, type TemporalRun } from '../../journal/runs/repository.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { type BatchRow, changeBatch, lockBatch } from './repository.ts';
import { isBatchOpen } from './rules.ts';
import { batchItems } from './tables.ts';

/** What an import does besides reading lines; fixed when it begins. */
export type ImportPlan = { triage: boolean };

/** Claims the run and opens its batch; null when the batch has ended, or the run was cancelled before it began. */
export async function beginImport(
  ctx: { tx: Tx; now: Date; claimedBy: TemporalRun },
  input: ImportLeadsInput,
): Promise<ImportPlan | null> {
  const { tx, now, claimedBy } = ctx;
  const { tenant } = input;
  const run = await claimRun(tx, { tenant, id: input.run_id, ...claimedBy, now });
  const batch = run && (await lockBatch(tx, tenant, input.batch_id));
  if (!batch) return null;
  if (wasGivenUp(batch)) await takeBack(tx, batch);
  else if (!isBatchOpen(batch.status)) return null;
  const startedAt = batch.startedAt ?? now;
  await changeBatch(tx, tenant, batch.id, {
    status: 'processing',
    startedAt,
    failure: null,
    paused: null,
    completedAt: null,
  });
  return { triage: batch.options.triage };
}

/** Whether the batch was ended only because its workflow was gone: an operator may have reset that since. */
function wasGivenUp({ status, failure }: BatchRow): boolean {
  return status === 'failed' && failure?.code.startsWith('run_') === true;
}

async function takeBack(tx: Tx, batch: BatchRow): Promise<void> {
  await tx
    .update(batchItems)
    .set({ state: 'pending' })
    .where(
      and(
        eq(batchItems.tenantId, batch.tenantId),
        eq(batchItems.batchId, batch.id),
        eq(batchItems.state, 'unprocessed'),
      ),
    );
}
