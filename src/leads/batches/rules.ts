import { storableText } from '../../kernel/text.ts';

/** A batch's life. */
export const BATCH_STATUSES = ['pending', 'processing', 'completed', 'failed', 'cancelled'] as const;
export type BatchStatus = (typeof BATCH_STATUSES)[number];

/** Whether a batch in this status can still change by itself. */
export function isBatchOpen(status: BatchStatus): status is 'pending' | 'processing' {
  return status === 'pending' || status === 'processing';
}

/** Refusals that pass by themselves or with the kill switch: the leads of an import wait for that. */
export const BATCH_PAUSE_CODES = ['kill_switch_on', 'budget_exceeded'] as const;
export type BatchPause = { code: (typeof BATCH_PAUSE_CODES)[number]; message: string };

/** Where the rows of a batch came from. */
export const BATCH_FORMATS = ['csv', 'json', 'airtable'] as const;
export type BatchFormat = (typeof BATCH_FORMATS)[number];

/** What the import made of one line; `header` is the line of column names when something is wrong with it. */
export const LINE_OUTCOMES = ['created', 'updated', 'duplicate', 'rejected', 'header'] as const;
export type LineOutcome = (typeof LINE_OUTCOMES)[number];

/** What became of one line's lead: `unprocessed` when the batch was cancelled before its scan. */
export const ITEM_STATES = ['pending', 'qualified', 'disqualified', 'error', 'unprocessed', 'none'] as const;
export type ItemState = (typeof ITEM_STATES)[number];

/** One thing wrong with one line. */
export type LineError = { column: string | null; code: string; reason: string };

const MAX_COLUMN = 100;
const MAX_REASON = 300;

/** A line's error; names and values come from strangers, so what the database cannot hold is replaced. */
export function lineError(column: string | null, code: string, reason: string): LineError {
  return {
    column: column === null ? null : storable(column, MAX_COLUMN),
    code,
    reason: storable(reason, MAX_REASON),
  };
}

/** Text that every column type can hold, cut to a length without halving a character. */
export function storable(text: string, maxLength: number): string {
  return storableText(text.slice(0, maxLength));
}
