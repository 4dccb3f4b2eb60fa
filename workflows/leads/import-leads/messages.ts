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

/** How far an import has come: plain data that continue-as-new carries. */
export type ImportPosition = {
  phase: 'reading' | 'triaging';
  /** Byte offset of the next chunk, and the number of its first line. */
  offset_bytes: number;
  next_line: number;
  /** Line of the last item whose triage has been asked for. */
  triaged_line: number;
};

export const IMPORT_PROGRESS_QUERY = 'progress';
export type ImportProgress = {
  phase: 'claiming' | 'reading' | 'triaging' | 'done';
  lines_read: number;
  triages_open: number;
};

export const IMPORT_CANCEL_SIGNAL = 'cancel';

export type ImportLeadsResult = { status: 'completed' | 'cancelled' | 'failed'; lines: number };
