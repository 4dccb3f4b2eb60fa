import type { RunEndHooks } from '../src/journal/runs/end-hooks.ts';
import { endUnseenImport } from '../src/leads/batches/end-import.ts';
import { endUnseenTriage } from '../src/triage/triage-room/end-unseen.ts';

/** What each kind of run leaves to settle when it ends before a workflow has begun it; API and worker use it. */
export const RUN_END_HOOKS: RunEndHooks = {
  'triage-room': [endUnseenTriage],
  'import-leads': [endUnseenImport],
};
