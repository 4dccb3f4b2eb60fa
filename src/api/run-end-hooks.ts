import type { TriageRoomInput } from '../../workflows/triage/triage-room/messages.ts';
import type { RunEndHook, RunEndHooks } from '../journal/runs/cancel-run.ts';
import { holdTriage } from '../triage/triage-room/settle-triage.ts';

/** The lead of a triage that is cancelled before it began gets its hold, and its batch line its state. */
const holdCancelledTriage: RunEndHook = async (ctx, run, end) => {
  const message = end.message ?? 'Cancelled before it began.';
  await holdTriage(ctx, run.input as TriageRoomInput, { code: 'cancelled', message });
};

/** What each kind of run leaves to settle when it ends before a workflow saw it. */
export const runEndHooks: RunEndHooks = {
  'triage-room': [holdCancelledTriage],
  'import-leads': [],
};
