import type { TriageRoomInput } from '../../../workflows/triage/triage-room/messages.ts';
import { addUsage } from '../../agents/agent-runs/repository.ts';
import { type AgentRow, findAgent } from '../../agents/registry/repository.ts';
import type { StepGate } from '../../control/kill-switch/step-gate.ts';
import type { Spender } from '../../control/spend/spender.ts';
import { systemScope } from '../../kernel/actor.ts';
import { storableText } from '../../kernel/text.ts';
import { hasModelCall, recordModelCall } from '../../models/calls/repository.ts';
import { type CallBudget, runSkill, type SkillRun, type SkillRunner } from '../../models/calls/run-skill.ts';
import type { Database, Tx } from '../../runtime/database/database.ts';
import { type AuditRow, changeAudit, factsOf, lockAudit } from '../audits/repository.ts';
import type { SignalView } from '../audits/schemas.ts';
import type { Signal } from '../signals/types.ts';
import { summaryInputOf } from '../summary/input.ts';
import { type SummaryOutput, summarySkill } from '../summary/skill.ts';
import { addCost, spendingOf } from './paid-scan.ts';
import { stepOf } from './scan-steps.ts';
import { playbookOf, requireAudit } from './score-audit.ts';

/** Writes the agent's summary of a scored audit; stores transcript, tokens and cost with the agent run. */
export async function summariseAudit(
  deps: { db: Database; skills: SkillRunner; gate: StepGate; spend: Spender },
  input: TriageRoomInput,
  call: { signal: AbortSignal; attempt: number; key: string; activity: string },
): Promise<void> {
  const scope = systemScope(input.tenant, input.principal_id);
  const plan = await deps.db.withTenant(scope, async (tx) => {
    // An attempt before this one may have been answered, and lost before it could say so.
    if (await hasModelCall(tx, input.tenant, call.activity)) return null;
    const row = await requireAudit(tx, input);
    const { threshold, timeouts } = await playbookOf(tx, row);
    return { audit: row, threshold, timeouts, agent: await agentOf(tx, row) };
  });
  if (!plan) return;
  const { audit, threshold, timeouts, agent } = plan;
  const { page } = factsOf(audit);
  if (!page || audit.score === null || audit.decision === null)
    throw new Error(`audit ${audit.id} has no score`);
  const skillInput = summaryInputOf({
    finalUrl: audit.finalUrl ?? page.final_url,
    score: audit.score,
    threshold,
    decision: audit.decision,
    signals: audit.signals as (Signal & Pick<SignalView, 'points'>)[],
    page,
  });
  // After as many tries the offline method answers: a lead does not wait for a model.
  const mayRetry = call.attempt < agent.retryAttempts;
  const what = spendingOf(input, call.key, 'model_call');
  const budget: CallBudget = {
    reserve: (microUsd) => deps.spend.reserve(what, microUsd),
    settle: (amount, answer) =>
      deps.spend.settle(what, amount, async (tx, microUsd) => {
        if (answer) await storeSummary(tx, input, call, answer as SummaryRun);
        await addCost(tx, input, { cpuMs: 0, microUsd });
      }),
  };
  const how = { agent, timeoutMs: timeouts.summary_seconds * 1000, mayRetry, budget };
  const run = await deps.gate.run(
    { ...stepOf(input), step: 'summarise' },
    {
      signal: call.signal,
      work: (signal) => runSkill(deps.skills, summarySkill, skillInput, { ...how, signal }),
    },
  );
  await deps.db.withTenant(scope, (tx) => storeSummary(tx, input, call, run));
}

type SummaryRun = SkillRun<SummaryOutput>;

/** Stores an answer once: transcript, tokens and summary; an audit that has ended meanwhile keeps the summary it has. */
async function storeSummary(
  tx: Tx,
  input: TriageRoomInput,
  { activity }: { activity: string },
  run: SummaryRun,
): Promise<void> {
  const about = { tenantId: input.tenant, leadId: input.lead_id, createdBy: input.principal_id };
  const names = { ...about, agentRunId: input.audit_id, skill: summarySkill.name, activity };
  if (!(await recordModelCall(tx, names, run))) return;
  // After the call, whose row holds the lead: a lead is locked before its audit, as everywhere.
  const at = { tenant: input.tenant, id: input.audit_id };
  const audit = await lockAudit(tx, at);
  // What the call cost is added when it is settled.
  await addUsage(tx, input.tenant, input.audit_id, { ...run.usage, costMicroUsd: 0 });
  if (audit?.status !== 'running') return;
  const summary = {
    text: storableText(run.output.text),
    generated_by: run.generatedBy,
    ...(run.modelError && { instead_of_model: run.modelError }),
  };
  await changeAudit(tx, at, { summary });
}

/** The version of the agent that the audit was begun with. */
async function agentOf(tx: Tx, { agentSlug: slug, agentVersion: version }: AuditRow): Promise<AgentRow> {
  const row = await findAgent(tx, slug, version);
  if (!row) throw new Error(`agent ${slug} ${version} is not loaded`);
  return row;
}
