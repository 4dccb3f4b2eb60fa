import {
  CancellationScope,
  ContinueAsNew,
  continueAsNew,
  defineQuery,
  defineSignal,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { ImportLeadsActivities } from '../../../activities/leads/import-leads.ts';
import type { ImportEnd } from '../../../src/leads/batches/end-import.ts';
import { proxyProfile } from '../../lib/activity-profiles.ts';
import { errorCodeOf, findFailure } from '../../lib/failures.ts';
import { plainText } from '../../lib/plain-text.ts';
import { setStatus } from '../../lib/set-status.ts';
import {
  IMPORT_CANCEL_SIGNAL,
  IMPORT_PROGRESS_QUERY,
  IMPORT_START,
  type ImportCancelRequest,
  type ImportLeadsInput,
  type ImportLeadsResult,
  type ImportPosition,
  type ImportProgress,
} from './messages.ts';

const beginning = proxyProfile<ImportLeadsActivities>('core', 'Begin the import');
const reading = proxyProfile<ImportLeadsActivities>('import', 'Read the next lines of the file');
const triaging = proxyProfile<ImportLeadsActivities>('import', 'Have the new leads scanned, some at a time');
const ending = proxyProfile<ImportLeadsActivities>('core', 'End the import');
const cancelling = proxyProfile<ImportLeadsActivities>('cancelling', 'Cancel the scans of this import');

/** Imports one file of leads: reads its lines, then has every new lead scanned, a window of them at a time. */
export async function importLeads(input: ImportLeadsInput): Promise<ImportLeadsResult> {
  const from = input.resume ?? IMPORT_START;
  const progress: ImportProgress = { phase: 'claiming', lines_read: from.lines_read, triages_open: 0 };
  const work = new CancellationScope();
  let cancelReason: string | null = null;
  setHandler(defineQuery<ImportProgress>(IMPORT_PROGRESS_QUERY), () => ({ ...progress }));
  setHandler(defineSignal<[ImportCancelRequest]>(IMPORT_CANCEL_SIGNAL), (request) => {
    cancelReason = request?.reason ?? null;
    work.cancel();
  });
  try {
    return await work.run(() => importFrom(input, from, progress));
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    return CancellationScope.nonCancellable(() => end(input, endFor(error, cancelReason), progress));
  }
}

async function importFrom(
  input: ImportLeadsInput,
  from: ImportPosition,
  progress: ImportProgress,
): Promise<ImportLeadsResult> {
  const plan = await beginning.beginImport(input, workflowInfo().firstExecutionRunId);
  if (!plan) return { status: 'superseded', lines: from.lines_read };
  let position = from;
  while (position.phase === 'reading') {
    progress.phase = 'reading';
    const read = await reading.readLines(input, position);
    position = read.done ? { ...read.position, phase: 'triaging' } : read.position;
    progress.lines_read = position.lines_read;
    await renewHistory(input, position);
  }
  while (plan.triage) {
    progress.phase = 'triaging';
    const pumped = await triaging.pumpTriages(input);
    progress.triages_open = pumped.open;
    if (pumped.done) break;
    await renewHistory(input, position);
  }
  return end(input, { status: 'completed', failure: null }, progress);
}

/** An import may take days: it goes on with an empty history before the old one gets long. */
async function renewHistory(input: ImportLeadsInput, resume: ImportPosition): Promise<void> {
  if (!workflowInfo().continueAsNewSuggested) return;
  await continueAsNew<typeof importLeads>({ ...input, resume });
}

async function end(
  input: ImportLeadsInput,
  how: ImportEnd,
  progress: ImportProgress,
): Promise<ImportLeadsResult> {
  const status = await ending.endImport(input, how);
  if (status === 'cancelled') await cancelling.cancelTriages(input);
  progress.phase = 'done';
  progress.triages_open = 0;
  const outcome = how.failure ? `${plainText(how.failure.message)} ` : '';
  const each = `\`agos batch ${input.batch_id}\` shows what became of each.`;
  setStatus(status, `${outcome}${progress.lines_read} lines read; ${each}`);
  return { status, lines: progress.lines_read };
}

function endFor(error: unknown, reason: string | null): ImportEnd {
  if (isCancellation(error)) {
    const message = reason ?? 'The import was cancelled before it ended.';
    return { status: 'cancelled', failure: { code: 'cancelled', message } };
  }
  const failure = findFailure(error);
  const code = errorCodeOf(failure?.type);
  if (failure && code) return { status: 'failed', failure: { code, message: failure.message } };
  const message = "Something of ours failed during this import. The worker's log says what; try again.";
  return { status: 'failed', failure: { code: 'internal_error', message } };
}
