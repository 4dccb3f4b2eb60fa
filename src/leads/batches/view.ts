import type { BatchCounts, BatchRow, ItemRow } from './repository.ts';
import { isBatchOpen } from './rules.ts';
import type { BatchItemView, BatchView } from './schemas.ts';

const NOTHING_YET: BatchCounts = {
  total: 0,
  processed: 0,
  qualified: 0,
  disqualified: 0,
  error: 0,
  unprocessed: 0,
  rejected: 0,
  duplicates: 0,
  created: 0,
  updated: 0,
  awaiting: 0,
};

/** A batch as the API shows it; one without lines yet counts nothing. */
export function toBatchView(row: BatchRow, counts: BatchCounts = NOTHING_YET): BatchView {
  return {
    id: row.id,
    name: row.name,
    format: row.format,
    status: row.status,
    counts,
    run_id: row.runId,
    failure: row.failure,
    // A worker of the release before ends a batch without clearing it.
    paused: isBatchOpen(row.status) ? row.paused : null,
    created_at: row.createdAt.toISOString(),
    started_at: row.startedAt?.toISOString() ?? null,
    completed_at: row.completedAt?.toISOString() ?? null,
  };
}

/** One line of a batch as the API shows it. */
export function toBatchItemView({ line, outcome, state, leadId, errors }: ItemRow): BatchItemView {
  return { line, outcome, state, lead_id: leadId, errors };
}
