import type { Hold } from '../../kernel/holds.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { changeLead, type LeadRow, lockLead, type NewLead } from './repository.ts';
import { type Awaiting, canMove, type LeadStatus, roomOf } from './rules.ts';

/** Names the lead and the run that wants to write its status. */
export type ScanWriter = { tenant: string; leadId: string; runId: string; now: Date };

/**
 * Whether the write happened. `superseded`: another run owns the lead now, or the lead is gone; the
 * writer must stop without harm.
 */
export type ScanWrite = 'written' | 'superseded';

/** Moves a lead to `scanning` for its current run and clears what an earlier scan left open. */
export async function beginScan(tx: Tx, writer: ScanWriter): Promise<ScanWrite> {
  const lead = await lockOwned(tx, writer);
  if (!lead) return 'superseded';
  await write(tx, writer, { ...toScanning(lead), ...NO_HOLD, awaiting: null });
  return 'written';
}

/** Says that the lead's score waits for a person; the lead stays `scanning`. */
export async function awaitDecision(
  tx: Tx,
  writer: ScanWriter,
  result: { score: number; reasons: string[]; auditId: string; awaiting: Awaiting },
): Promise<ScanWrite> {
  const lead = await lockOwned(tx, writer);
  if (!lead) return 'superseded';
  const { score, reasons, auditId, awaiting } = result;
  await write(tx, writer, { ...toScanning(lead), score, reasons, latestAuditId: auditId, awaiting });
  return 'written';
}

/** Ends the scan with a decision: score, reasons and audit become the lead's. */
export async function finishScan(
  tx: Tx,
  writer: ScanWriter,
  result: { decision: 'qualified' | 'disqualified'; score: number; reasons: string[]; auditId: string },
): Promise<ScanWrite> {
  const lead = await lockOwned(tx, writer);
  if (!lead) return 'superseded';
  const { decision, score, reasons, auditId } = result;
  const change = { ...moveTo(lead, decision), ...NO_HOLD, score, reasons, latestAuditId: auditId };
  await write(tx, writer, { ...change, awaiting: null, statusBeforeRun: null });
  return 'written';
}

/** Ends the scan without a result: the lead goes back to where it came from and carries the hold. */
export async function holdScan(
  tx: Tx,
  writer: ScanWriter,
  result: { hold: Hold; auditId: string | null },
): Promise<ScanWrite> {
  const lead = await lockOwned(tx, writer);
  if (!lead) return 'superseded';
  const back = lead.statusBeforeRun ?? (lead.status === 'scanning' ? 'new' : lead.status);
  await write(tx, writer, {
    ...moveTo(lead, back),
    holdCode: result.hold.code,
    holdMessage: result.hold.message,
    holdSince: writer.now,
    awaiting: null,
    statusBeforeRun: null,
    ...(result.auditId && { latestAuditId: result.auditId }),
  });
  return 'written';
}

/** A run that begins again after its end comes from where that end has left the lead. */
function toScanning(lead: LeadRow): Partial<NewLead> {
  const statusBeforeRun = lead.status === 'scanning' ? lead.statusBeforeRun : lead.status;
  return { ...moveTo(lead, 'scanning'), statusBeforeRun };
}

const NO_HOLD = { holdCode: null, holdMessage: null, holdSince: null };

async function lockOwned(tx: Tx, writer: ScanWriter): Promise<LeadRow | null> {
  const lead = await lockLead(tx, writer.tenant, writer.leadId);
  return lead?.currentRunId === writer.runId ? lead : null;
}

/**
 * A run may write again after its end (an operator resets the workflow), so a way through `scanning`
 * is as legal as a step out of it.
 */
function moveTo(lead: LeadRow, to: LeadStatus): Partial<NewLead> {
  if (lead.status === to) return {};
  const legal = canMove(lead.status, to) || (canMove(lead.status, 'scanning') && canMove('scanning', to));
  if (!legal) throw new Error(`lead ${lead.id} cannot move from ${lead.status} to ${to}`);
  return { status: to, currentRoom: roomOf(to) };
}

async function write(tx: Tx, writer: ScanWriter, change: Partial<NewLead>): Promise<void> {
  if (Object.keys(change).length > 0) await changeLead(tx, writer.tenant, writer.leadId, change);
}
