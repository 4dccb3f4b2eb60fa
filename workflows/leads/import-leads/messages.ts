/** Everything that callers of the lead import use: names, queue, id builder, message types. */

export const IMPORT_LEADS = 'importLeads';
export const IMPORT_LEADS_QUEUE = 'workflows';

export const importWorkflowId = (tenant: string, batchId: string) => `import:${tenant}:${batchId}`;

export type ImportLeadsInput = {
  version: 1;
  tenant: string;
  run_id: string;
  principal_id: string;
  batch_id: string;
  /** Where a run that continued as new goes on; absent on the first. */
  resume?: ImportPosition;
};

/** How far an import has come: plain data that heartbeats and continue-as-new carry. */
export type ImportPosition = {
  phase: 'reading' | 'triaging';
  /** Byte at which the next record begins (0: at the first one below the header), and the number of its line. */
  offset_bytes: number;
  next_line: number;
  /** Lines read so far, without the header and empty ones. */
  lines_read: number;
};

export const IMPORT_START: ImportPosition = {
  phase: 'reading',
  offset_bytes: 0,
  next_line: 1,
  lines_read: 0,
};

/** Query `progress`: the live state of one import; counts by result stand in the database. */
export const IMPORT_PROGRESS_QUERY = 'progress';
export type ImportProgress = {
  phase: 'claiming' | 'reading' | 'triaging' | 'done';
  lines_read: number;
  /** As of the last look, some minutes ago at most. */
  triages_open: number;
};

/** Signal `cancel`: lines that wait become `unprocessed`, open scans of this batch are cancelled. */
export const IMPORT_CANCEL_SIGNAL = 'cancel';
export type ImportCancelRequest = { reason: string | null };

export type ImportLeadsResult = {
  /** `superseded`: the batch had ended before this workflow began. */
  status: 'completed' | 'cancelled' | 'failed' | 'superseded';
  lines: number;
};
