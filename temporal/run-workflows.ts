import type { RunKind } from '../src/journal/runs/rules.ts';
import { IMPORT_LEADS, IMPORT_LEADS_QUEUE } from '../workflows/leads/import-leads/messages.ts';
import { TRIAGE_ROOM, TRIAGE_ROOM_QUEUE } from '../workflows/triage/triage-room/messages.ts';

/** The workflow that a kind of run starts, and where. */
export type RunWorkflow = { workflowType: string; queue: string; area: string };

/** One line for each kind of run. */
export const RUN_WORKFLOWS: Record<RunKind, RunWorkflow> = {
  'triage-room': { workflowType: TRIAGE_ROOM, queue: TRIAGE_ROOM_QUEUE, area: 'triage' },
  'import-leads': { workflowType: IMPORT_LEADS, queue: IMPORT_LEADS_QUEUE, area: 'leads' },
};
