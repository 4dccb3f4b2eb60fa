import type { RunEndHook } from '../../journal/runs/cancel-run.ts';
import { settleItems } from '../../leads/batches/settle-items.ts';
import { holdScan } from '../../leads/leads/scan-status.ts';

/** A triage that was cancelled before any workflow saw it: its lead gets the hold, its batch lines end. */
export const endUnseenTriage: RunEndHook = async ({ tx, now }, run) => {
  if (run.leadId === null) return;
  const writer = { tenant: run.tenantId, leadId: run.leadId, runId: run.id, now };
  const hold = { code: 'cancelled' as const, message: 'The scan was cancelled before it began.' };
  const written = await holdScan(tx, writer, { hold, auditId: null });
  if (written === 'written') await settleItems(tx, run.tenantId, run.leadId, 'unprocessed');
};
