/** A batch's life. */
export const BATCH_STATUSES = ['pending', 'processing', 'completed', 'failed', 'cancelled'] as const;
export type BatchStatus = (typeof BATCH_STATUSES)[number];

/** Where the rows of a batch came from. */
export const BATCH_FORMATS = ['csv', 'json', 'airtable'] as const;
export type BatchFormat = (typeof BATCH_FORMATS)[number];

/** What the import made of one line. */
export type LineOutcome = 'created' | 'updated' | 'duplicate' | 'rejected';

/** What became of one line's lead: `unprocessed` when the batch was cancelled before its scan. */
export type ItemState = 'pending' | 'qualified' | 'disqualified' | 'error' | 'unprocessed' | 'none';

/** One thing wrong with one line. */
export type LineError = { column: string | null; code: string; reason: string };
