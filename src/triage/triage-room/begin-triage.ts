import type { TriageRoomInput } from '../../../workflows/triage/triage-room/messages.ts';
import { insertAgentRun } from '../../agents/agent-runs/repository.ts';
import { claimRun, type TemporalRun } from '../../journal/runs/repository.ts';
import { settleItems } from '../../leads/batches/settle-items.ts';
import { lockLead } from '../../leads/leads/repository.ts';
import { beginScan } from '../../leads/leads/scan-status.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { changeAudit, insertAudit } from '../audits/repository.ts';
import { choosePlaybook } from '../playbooks/choose.ts';
import type { Playbook } from '../playbooks/schema.ts';
import { TRIAGE_AGENT } from './agent.ts';
import { holdTriage, SUPERSEDED } from './settle-triage.ts';

/** Which optional checks a triage runs; fixed when it begins, so that a replay takes the same way. */
export type TriagePlan = { links: boolean; lighthouse: boolean };

/**
 * Claims the run, opens audit and agent run, and moves the lead to `scanning`; null when the run was
 * cancelled before it began or another run owns the lead now.
 */
export async function beginTriage(
  ctx: { tx: Tx; now: Date; playbooks: readonly Playbook[]; claimedBy: TemporalRun },
  input: TriageRoomInput,
): Promise<TriagePlan | null> {
  const { tx, now } = ctx;
  // The lead before the run, as who asks for a triage locks them: the other way round ends in a deadlock.
  const lead = input.lead_id ? await lockLead(tx, input.tenant, input.lead_id) : null;
  const claim = { tenant: input.tenant, id: input.run_id, ...ctx.claimedBy, now };
  const run = await claimRun(tx, claim);
  if (!run) return null;
  const url = lead?.url ?? run.target;
  if (url === null || (lead && (await isSuperseded(ctx, input, lead.id)))) {
    await holdTriage(ctx, input, SUPERSEDED);
    if (input.lead_id && !lead) await settleItems(tx, input.tenant, input.lead_id, 'unprocessed');
    return null;
  }
  const playbook = choosePlaybook(ctx.playbooks, lead?.industry ?? null);
  await openAudit(ctx, input, { url, playbook });
  return { links: playbook.checks.links, lighthouse: playbook.checks.lighthouse };
}

async function isSuperseded(
  { tx, now }: { tx: Tx; now: Date },
  input: TriageRoomInput,
  leadId: string,
): Promise<boolean> {
  const writer = { tenant: input.tenant, leadId, runId: input.run_id, now };
  return (await beginScan(tx, writer)) === 'superseded';
}

async function openAudit(
  ctx: { tx: Tx; now: Date },
  input: TriageRoomInput,
  about: { url: string; playbook: Playbook },
): Promise<void> {
  const versions = {
    agentSlug: TRIAGE_AGENT.slug,
    agentVersion: TRIAGE_AGENT.version,
    playbookSlug: about.playbook.slug,
    playbookVersion: about.playbook.version,
  };
  const common = {
    tenantId: input.tenant,
    runId: input.run_id,
    leadId: input.lead_id,
    createdBy: input.principal_id,
  };
  await insertAudit(ctx.tx, {
    ...common,
    ...versions,
    id: input.audit_id,
    url: about.url,
    createdAt: ctx.now,
  });
  // One agent run per audit: sharing its id makes a repeated attempt find it again.
  await insertAgentRun(ctx.tx, {
    ...common,
    ...versions,
    id: input.audit_id,
    auditId: input.audit_id,
    room: 'triage',
    trigger: input.trigger ?? 'api',
    input: { url: about.url },
    startedAt: ctx.now,
  });
  await changeAudit(
    ctx.tx,
    { tenant: input.tenant, id: input.audit_id },
    { agentRunId: input.audit_id, status: 'running' },
  );
}
