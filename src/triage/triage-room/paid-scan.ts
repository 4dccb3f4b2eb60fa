import type { TriageRoomInput } from '../../../workflows/triage/triage-room/messages.ts';
import { addUsage } from '../../agents/agent-runs/repository.ts';
import { cpuCostMicroUsd } from '../../control/spend/rules.ts';
import type { Spender, Spending } from '../../control/spend/spender.ts';
import { systemScope } from '../../kernel/actor.ts';
import type { Tx } from '../../runtime/database/database.ts';
import type { CpuMeter } from '../../sites/scan/cpu-meter.ts';
import { addAuditCost } from '../audits/repository.ts';

export type ScanCosts = {
  spend: Spender;
  cpu: CpuMeter;
  /** Price of a second of CPU time. */
  cpuSecondMicroUsd: number;
};

/**
 * Pays for one attempt at a scan step: reserves one core for all of its time, which few pages use, and
 * settles with what the step really used, however it ended. Throws `budget_exceeded` before anything begins.
 */
export async function payForScan<T>(
  costs: ScanCosts,
  input: TriageRoomInput,
  attempt: { key: string; timeoutMs: number },
  work: () => Promise<T>,
): Promise<T> {
  const { spend, cpu, cpuSecondMicroUsd } = costs;
  const what = spendingOf(input, attempt.key, 'scan');
  await spend.reserve(what, cpuCostMicroUsd(attempt.timeoutMs, cpuSecondMicroUsd));
  const share = await cpu.open();
  const settle = async (): Promise<void> => {
    const cpuMs = await share.close();
    const microUsd = cpuCostMicroUsd(cpuMs, cpuSecondMicroUsd);
    await spend.settle(what, microUsd, (tx) => addCost(tx, input, { cpuMs, microUsd }));
  };
  let result: T;
  try {
    result = await share.run(work);
  } catch (error) {
    // Why the scan failed says more than that its cost could not be written; the sweep ends the reservation.
    await settle().catch(() => undefined);
    throw error;
  }
  await settle();
  return result;
}

/** One attempt of a triage at something that costs money. */
export function spendingOf(input: TriageRoomInput, key: string, kind: Spending['kind']): Spending {
  return {
    scope: systemScope(input.tenant, input.principal_id),
    key,
    kind,
    auditId: input.audit_id,
    leadId: input.lead_id,
  };
}

/** Adds what an attempt has cost to the audit and to the agent's run. */
export async function addCost(
  tx: Tx,
  { tenant, audit_id: id }: Pick<TriageRoomInput, 'tenant' | 'audit_id'>,
  cost: { cpuMs: number; microUsd: number },
): Promise<void> {
  await addAuditCost(tx, { tenant, id }, cost);
  await addUsage(tx, tenant, id, { ...NO_TOKENS, costMicroUsd: cost.microUsd });
}

/** Adds what the sweep has settled of an attempt whose worker is gone. */
export async function chargeAudit(
  tx: Tx,
  { tenantId: tenant, auditId }: { tenantId: string; auditId: string | null },
  microUsd: number,
): Promise<void> {
  if (auditId) await addCost(tx, { tenant, audit_id: auditId }, { cpuMs: 0, microUsd });
}

const NO_TOKENS = { inputTokens: 0, outputTokens: 0 };
