import { activityInfo } from '@temporalio/activity';
import { systemScope } from '../../src/kernel/actor.ts';
import type { Hold } from '../../src/kernel/holds.ts';
import type { SkillRunner } from '../../src/models/calls/run-skill.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { Database, Tx } from '../../src/runtime/database/database.ts';
import type { Playbook } from '../../src/triage/playbooks/schema.ts';
import type { Decided } from '../../src/triage/scoring/decided.ts';
import type { Decision } from '../../src/triage/scoring/rules.ts';
import { askPerson } from '../../src/triage/triage-room/ask-person.ts';
import { beginTriage, type TriagePlan } from '../../src/triage/triage-room/begin-triage.ts';
import type { DecisionVerifier } from '../../src/triage/triage-room/prove-decision.ts';
import { recordDecision } from '../../src/triage/triage-room/record-decision.ts';
import {
  checkSiteLinks,
  fetchSiteFacts,
  inspectSite,
  measureSite,
  type ScanDeps,
} from '../../src/triage/triage-room/scan-steps.ts';
import { type ScoredAudit, scoreAudit } from '../../src/triage/triage-room/score-audit.ts';
import { finishTriage, holdTriage } from '../../src/triage/triage-room/settle-triage.ts';
import { summariseAudit } from '../../src/triage/triage-room/summarise-audit.ts';
import { type ReportEnd, writeAuditReport } from '../../src/triage/triage-room/write-report.ts';
import { withHeartbeat } from '../../temporal/heartbeat.ts';
import { temporalRun } from '../../temporal/temporal-run.ts';
import type { Decision as WaitDecision } from '../../workflows/lib/approval.ts';
import type {
  Recorded,
  TriageRoomInput,
  TriageRoomResult,
} from '../../workflows/triage/triage-room/messages.ts';

export type TriageRoomDeps = ScanDeps & {
  db: Database;
  clock: Clock;
  playbooks: readonly Playbook[];
  skills: SkillRunner;
  decisions: DecisionVerifier;
};

/** Activities of Room 1; each reads what it needs by id and stores what it found. */
export function createTriageRoomActivities(deps: TriageRoomDeps) {
  const { db, clock } = deps;
  const inTenant = <T>(input: TriageRoomInput, fn: (ctx: { tx: Tx; now: Date }) => Promise<T>) =>
    db.withTenant(systemScope(input.tenant, input.principal_id), (tx) => fn({ tx, now: clock.now() }));

  return {
    beginTriage: (input: TriageRoomInput, firstRunId?: string): Promise<TriagePlan | null> =>
      inTenant(input, (ctx) =>
        beginTriage({ ...ctx, playbooks: deps.playbooks, claimedBy: temporalRun(firstRunId) }, input),
      ),
    fetchSite: (input: TriageRoomInput) =>
      withHeartbeat((signal) => fetchSiteFacts(deps, input, { signal, key: attemptKey() })),
    inspectPage: (input: TriageRoomInput) =>
      withHeartbeat((signal) => inspectSite(deps, input, { signal, key: attemptKey() })),
    checkLinks: (input: TriageRoomInput) =>
      withHeartbeat((signal) => checkSiteLinks(deps, input, { signal, key: attemptKey() })),
    measurePage: (input: TriageRoomInput) =>
      withHeartbeat((signal) => measureSite(deps, input, { signal, key: attemptKey() })),
    scoreAudit: (input: TriageRoomInput): Promise<ScoredAudit> =>
      inTenant(input, (ctx) => scoreAudit(ctx, input)),
    summariseAudit: (input: TriageRoomInput) =>
      withHeartbeat((signal) =>
        summariseAudit(deps, input, {
          signal,
          attempt: activityInfo().attempt,
          key: attemptKey(),
          activity: activityKey(),
        }),
      ),
    writeReport: (input: TriageRoomInput, end: ReportEnd) => writeAuditReport(deps, input, end),
    askPerson: (input: TriageRoomInput, reviewMs: number) =>
      inTenant(input, (ctx) => askPerson({ ...ctx, workflowId: workflowId() }, input, { reviewMs })),
    recordTriageDecision: (
      input: TriageRoomInput,
      approvalId: string,
      decision: WaitDecision<Decision>,
    ): Promise<Recorded> =>
      inTenant(input, (ctx) => recordDecision(ctx, deps.decisions, input, { approvalId, decision })),
    finishTriage: (input: TriageRoomInput, end: Decided): Promise<TriageRoomResult> =>
      inTenant(input, (ctx) => finishTriage(ctx, input, end)),
    holdTriage: (input: TriageRoomInput, hold: Hold): Promise<TriageRoomResult> =>
      inTenant(input, (ctx) => holdTriage(ctx, input, hold)),
  };
}

export type TriageRoomActivities = ReturnType<typeof createTriageRoomActivities>;

/** No other attempt has this name, also not one of a reset workflow. */
function attemptKey(): string {
  return `${activityKey()}/${activityInfo().attempt}`;
}

/** The same for every attempt at one activity, and for no other one. */
function activityKey(): string {
  const { workflowExecution, activityId } = activityInfo();
  return `${workflowExecution?.runId}/${activityId}`;
}

const workflowId = () => activityInfo().workflowExecution?.workflowId ?? '';
