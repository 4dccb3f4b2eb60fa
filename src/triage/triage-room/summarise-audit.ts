import type { TriageRoomInput } from '../../../workflows/triage/triage-room/messages.ts';
import { addUsage } from '../../agents/agent-runs/repository.ts';
import { type AgentRow, findAgent } from '../../agents/registry/repository.ts';
import type { StepGate } from '../../control/kill-switch/step-gate.ts';
import type { Spender } from '../../control/spend/spender.ts';
import { systemScope } from '../../kernel/actor.ts';
import { recordModelCall } from '../../models/calls/repository.ts';
import { type CallBudget, runSkill, type SkillRunner } from '../../models/calls/run-skill.ts';
import type { Database, Tx } from '../../runtime/database/database.ts';
import { type AuditRow, changeAudit, factsOf } from '../audits/repository.ts';
import type { SignalView } from '../audits/schemas.ts';
import type { Signal } from '../signals/types.ts';
import { summaryInputOf } from '../summary/input.ts';
import { summarySkill } from '../summary/skill.ts';
import { addCost, spendingOf } from './paid-scan.ts';
import { stepOf } from './scan-steps.ts';
import { playbookOf, requireAudit } from './score-audit.ts';

/** Writes the agent's summary of a scored audit; stores transcript, tokens and cost with the agent run. */
export async function summariseAudit(
  deps: { db: Database; skills: SkillRunner; gate: StepGate; spend: Spender },
  input: TriageRoomInput,
  call: { signal: AbortSignal; attempt: number; key: string },
): Promise<void> {
  const scope = systemScope(input.tenant, input.principal_id);
  const { audit, threshold, timeouts, agent } = await deps.db.withTenant(scope, async (tx) => {
    const row = await requireAudit(tx, input);
    const { threshold, timeouts } = await playbookOf(tx, row);
    return { audit: row, threshold, timeouts, agent: await agentOf(tx, row) };
  });
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
    settle: (amount) =>
      deps.spend.settle(what, amount, (tx, microUsd) => addCost(tx, input, { cpuMs: 0, microUsd })),
  };
  const how = { agent, timeoutMs: timeouts.summary_seconds * 1000, mayRetry, budget };
  const run = await deps.gate.run(
    { ...stepOf(input), step: 'summarise' },
    {
      signal: call.signal,
      work: (signal) => runSkill(deps.skills, summarySkill, skillInput, { ...how, signal }),
    },
  );
  await deps.db.withTenant(scope, async (tx) => {
    const about = { tenantId: input.tenant, leadId: input.lead_id, createdBy: input.principal_id };
    await recordModelCall(tx, { ...about, agentRunId: audit.id, skill: summarySkill.name }, run);
    // What the call cost was added when it was settled.
    await addUsage(tx, input.tenant, audit.id, { ...run.usage, costMicroUsd: 0 });
    const summary = {
      text: run.output.text,
      generated_by: run.generatedBy,
      ...(run.modelError && { instead_of_model: run.modelError }),
    };
    await changeAudit(tx, { tenant: input.tenant, id: audit.id }, { summary });
  });
}

/** The version of the agent that the audit was begun with. */
async function agentOf(tx: Tx, { agentSlug: slug, agentVersion: version }: AuditRow): Promise<AgentRow> {
  const row = await findAgent(tx, slug, version);
  if (!row) throw new Error(`agent ${slug} ${version} is not loaded`);
  return row;
}
