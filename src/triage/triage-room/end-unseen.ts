import type { RunEndHook } from '../../journal/runs/end-hooks.ts';
import { RUN_HOLD_CODES, type RunHoldCode } from '../../kernel/holds.ts';
import { settleItems } from '../../leads/batches/settle-items.ts';
import { lockLead } from '../../leads/leads/repository.ts';
import { holdScan } from '../../leads/leads/scan-status.ts';

/** A triage that ended before any workflow began it: its lead gets the hold, its batch lines end. */
export const endUnseenTriage: RunEndHook = {
  lockFirst: async (tx, run) => run.leadId && lockLead(tx, run.tenantId, run.leadId),
  settle: async ({ tx, now }, run, end) => {
    if (run.leadId === null) return;
    const writer = { tenant: run.tenantId, leadId: run.leadId, runId: run.id, now };
    const code = RUN_HOLD_CODES.find((one) => one === end.code) ?? 'internal_error';
    const hold: { code: RunHoldCode; message: string } = {
      code,
      message: end.message ?? 'The scan did not begin.',
    };
    const written = await holdScan(tx, writer, { hold, auditId: null });
    if (written === 'superseded') return;
    await settleItems(tx, run.tenantId, run.leadId, code === 'cancelled' ? 'unprocessed' : 'error');
  },
};
