import type { TriageRoomInput, TriageRoomResult } from '../../../workflows/triage/triage-room/messages.ts';
import { endAgentRun } from '../../agents/agent-runs/repository.ts';
import { withdrawApprovals } from '../../control/approvals/repository.ts';
import { loseSteps } from '../../control/kill-switch/run-steps.ts';
import { endRun } from '../../journal/runs/repository.ts';
import type { Hold } from '../../kernel/holds.ts';
import { settleItems } from '../../leads/batches/settle-items.ts';
import { lockLead } from '../../leads/leads/repository.ts';
import { finishScan, holdScan, type ScanWriter } from '../../leads/leads/scan-status.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { type AuditRow, changeAudit, findAudit, lockAudit } from '../audits/repository.ts';
import { type Decided, decidedReasons } from '../scoring/decided.ts';
import { scanDurationMs } from './score-audit.ts';

type SettleContext = { tx: Tx; now: Date };

/** Ends a triage with a decision: audit, lead, batch lines, agent run and run, in one transaction. */
export async function finishTriage(
  ctx: SettleContext,
  input: TriageRoomInput,
  end: Decided,
): Promise<TriageRoomResult> {
  const { tx, now } = ctx;
  const audit = await findAudit(tx, input.tenant, input.audit_id);
  if (!audit || audit.score === null) throw new Error(`audit ${input.audit_id} has no score to finish with`);
  const { decision, decidedBy } = end;
  const reasons = decidedReasons(audit.reasons, end);
  const result = { decision, score: audit.score, reasons, auditId: audit.id };
  const written = input.lead_id ? await finishScan(tx, writerOf(input, now), result) : 'written';
  await closeAudit(ctx, input, { status: 'completed', decision, decidedBy, reasons });
  await endAgentRun(tx, input.tenant, input.audit_id, {
    status: 'completed',
    output: { score: audit.score, decision },
    durationMs: scanDurationMs(audit, now),
    now,
  });
  if (written === 'written' && input.lead_id) await settleItems(tx, input.tenant, input.lead_id, decision);
  await loseSteps(tx, { tenant: input.tenant, runId: input.run_id });
  await endRun(tx, {
    tenant: input.tenant,
    id: input.run_id,
    status: 'completed',
    code: null,
    message: null,
    now,
  });
  if (written === 'superseded') return { status: 'superseded', score: audit.score, hold_code: null };
  return { status: decision, score: audit.score, hold_code: null };
}

/**
 * Ends a triage without a result: the lead goes back to where it came from and carries the hold. A triage that has
 * its result keeps it: who holds it has decided so before the result was written.
 */
export async function holdTriage(
  ctx: SettleContext,
  input: TriageRoomInput,
  hold: Hold,
): Promise<TriageRoomResult> {
  const { tx, now } = ctx;
  // The lead before its audit, as everywhere.
  if (input.lead_id) await lockLead(tx, input.tenant, input.lead_id);
  const audit = await lockAudit(tx, { tenant: input.tenant, id: input.audit_id });
  if (audit?.status === 'completed') return leaveFinished(ctx, input, audit);
  const writer = writerOf(input, now);
  const written = input.lead_id
    ? await holdScan(tx, writer, { hold, auditId: audit?.id ?? null })
    : 'written';
  const cancelled = hold.code === 'cancelled';
  if (audit) {
    await closeAudit(ctx, input, {
      status: 'held',
      holdCode: hold.code,
      holdMessage: hold.message,
      ...UNSCORED,
    });
    await endAgentRun(tx, input.tenant, audit.id, {
      status: cancelled ? 'cancelled' : 'failed',
      error: hold,
      durationMs: scanDurationMs(audit, now),
      now,
    });
  }
  await withdrawApprovals(tx, input.tenant, input.run_id);
  if (written === 'written' && input.lead_id) {
    await settleItems(tx, input.tenant, input.lead_id, cancelled ? 'unprocessed' : 'error');
  }
  await loseSteps(tx, { tenant: input.tenant, runId: input.run_id });
  await endRun(tx, {
    tenant: input.tenant,
    id: input.run_id,
    status: cancelled ? 'cancelled' : 'completed',
    code: hold.code,
    message: hold.message,
    now,
  });
  return { status: written === 'superseded' ? 'superseded' : 'held', score: null, hold_code: hold.code };
}

/** Ends no more than the run: an operator may have begun it again after its result. */
async function leaveFinished(
  { tx, now }: SettleContext,
  input: TriageRoomInput,
  { score, decision }: AuditRow,
): Promise<TriageRoomResult> {
  await loseSteps(tx, { tenant: input.tenant, runId: input.run_id });
  const end = { status: 'completed', code: null, message: null } as const;
  await endRun(tx, { tenant: input.tenant, id: input.run_id, ...end, now });
  return { status: decision ?? 'superseded', score, hold_code: null };
}

/** What becomes of a run whose lead another run has taken over, or somebody has removed. */
export const SUPERSEDED: Hold = {
  code: 'cancelled',
  message: 'Another run took the lead over, or the lead was removed.',
};

/** A site that could not be scanned to the end has no score and no signals. */
const UNSCORED = { score: null, decision: null, reasons: [], signals: [] };

function writerOf(input: TriageRoomInput, now: Date): ScanWriter {
  return { tenant: input.tenant, leadId: input.lead_id ?? '', runId: input.run_id, now };
}

async function closeAudit(
  ctx: SettleContext,
  input: TriageRoomInput,
  change: Parameters<typeof changeAudit>[2],
): Promise<void> {
  const audit = await findAudit(ctx.tx, input.tenant, input.audit_id);
  const durationMs = audit ? scanDurationMs(audit, ctx.now) : null;
  await changeAudit(
    ctx.tx,
    { tenant: input.tenant, id: input.audit_id },
    { ...change, completedAt: ctx.now, durationMs },
  );
}
