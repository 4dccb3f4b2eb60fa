import {
  CancellationScope,
  defineQuery,
  defineSignal,
  defineUpdate,
  isCancellation,
  log,
  patched,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { TriageRoomActivities } from '../../../activities/triage/triage-room.ts';
import type { Hold } from '../../../src/kernel/holds.ts';
import type { ReportEnd } from '../../../src/triage/triage-room/write-report.ts';
import { proxyProfile } from '../../lib/activity-profiles.ts';
import { type Approval, createApproval } from '../../lib/approval.ts';
import { whenAffordable } from '../../lib/budget.ts';
import { budgetHoldOf, siteHoldOf, stopHoldOf, workerHoldOf } from '../../lib/failures.ts';
import { plainText } from '../../lib/plain-text.ts';
import { whenThere } from '../../lib/when-there.ts';
import {
  CANCEL_SIGNAL,
  type CancelRequest,
  DECIDE_SIGNAL,
  DECIDE_UPDATE,
  type DecideRequest,
  PROGRESS_QUERY,
  type Recorded,
  type TriageProgress,
  type TriageRoomInput,
  type TriageRoomResult,
} from './messages.ts';
import { createProgress, type ProgressTracker } from './progress.ts';

const beginning = proxyProfile<TriageRoomActivities>('core', 'Mark the lead as being scanned');
const fetching = proxyProfile<TriageRoomActivities>('fetch', 'Ask the site over HTTP');
const links = proxyProfile<TriageRoomActivities>('fetch', 'Ask every link of the page once');
const browser = proxyProfile<TriageRoomActivities>('browser', 'Open the page as a phone and as a desktop');
const lighthouse = proxyProfile<TriageRoomActivities>('lighthouse', 'Measure the page with Lighthouse');
const scoring = proxyProfile<TriageRoomActivities>('core', 'Score what was found');
const model = proxyProfile<TriageRoomActivities>('model', 'Sum up what was found');
const report = proxyProfile<TriageRoomActivities>('report', 'Write the report');
const asking = proxyProfile<TriageRoomActivities>('core', 'Ask a person to decide');
const recording = proxyProfile<TriageRoomActivities>('core', 'Record the decision');
const finishing = proxyProfile<TriageRoomActivities>('core', 'Give the lead its result');
const holding = proxyProfile<TriageRoomActivities>('core', 'Hold the lead, with the reason');

type Outcome = DecideRequest['outcome'];
type TriageApproval = Approval<Outcome, Recorded>;

/** Room 1: scans one site, scores it, and lets a person decide where the playbook says so. */
export async function triageRoom(input: TriageRoomInput): Promise<TriageRoomResult> {
  const progress = createProgress();
  const work = new CancellationScope();
  const waiting: { approvalId: string | null } = { approvalId: null };
  let cancelReason: string | null = null;
  const approval: TriageApproval = createApproval({
    allowed: ['qualified', 'disqualified'],
    record: (decision) => recording.recordTriageDecision(input, waiting.approvalId ?? '', decision),
  });
  setHandler(defineQuery<TriageProgress>(PROGRESS_QUERY), () => progress.current());
  setHandler(defineSignal<[CancelRequest]>(CANCEL_SIGNAL), (request) => {
    cancelReason = request?.reason ?? null;
    work.cancel();
  });
  setHandler(defineUpdate<Recorded, [DecideRequest]>(DECIDE_UPDATE), approval.decide, {
    validator: approval.validate,
  });
  setHandler(defineSignal<[DecideRequest]>(DECIDE_SIGNAL), approval.signal);

  try {
    return await work.run(() => triage(input, progress, approval, waiting));
  } catch (error) {
    const hold = holdFor(error, cancelReason);
    return CancellationScope.nonCancellable(() => settleHeld(input, hold, progress));
  }
}

/** The way of one site through the room. */
async function triage(
  input: TriageRoomInput,
  progress: ProgressTracker,
  approval: TriageApproval,
  waiting: { approvalId: string | null },
): Promise<TriageRoomResult> {
  const plan = await beginning.beginTriage(input, workflowInfo().firstExecutionRunId);
  if (!plan) return { status: 'superseded', score: null, hold_code: null };
  const paid = (step: () => Promise<void>) => whenAffordable(() => whenThere(step), progress);
  progress.enter('fetching');
  await paid(() => fetching.fetchSite(input));
  progress.enter('inspecting');
  await paid(() => browser.inspectPage(input));
  progress.enter('measuring');
  await Promise.all([
    plan.lighthouse ? paid(() => lighthouse.measurePage(input)) : undefined,
    plan.links ? paid(() => links.checkLinks(input)) : undefined,
  ]);
  progress.enter('scoring');
  const scored = await scoring.scoreAudit(input);
  progress.scored(scored.score);
  progress.enter('summarising');
  await whenThere(() => model.summariseAudit(input));
  progress.enter('reporting');
  if (scored.review_ms === null) {
    return finish(input, progress, { decision: scored.decision, decidedBy: 'score', reason: null });
  }
  const { review_ms: reviewMs } = scored;
  const asked = await approval.opening(() => asking.askPerson(input, reviewMs));
  if (!asked || asked.decided) approval.close();
  if (!asked) return { status: 'superseded', score: scored.score, hold_code: null };
  if (asked.decided) {
    const { outcome, by, reason } = asked.decided;
    return finish(input, progress, { decision: outcome, decidedBy: by, reason });
  }
  waiting.approvalId = asked.approval_id;
  progress.awaiting(asked.until);
  upsertSearchAttributes({ AgosStatus: ['awaiting'] });
  setCurrentDetails(waitText(scored.score, asked.until));
  // The wait opens before the report is written: a decision in that second counts.
  const wait = { expiryMs: reviewMs, defaultOutcome: scored.decision };
  const [{ decision, recorded }] = await Promise.all([
    approval.decision(wait),
    tryReport(input, { awaiting_until: asked.until }),
  ]);
  const decidedBy = decision.via === 'expiry' && !recorded.earlier ? 'expiry' : 'person';
  const { reason } = recorded.earlier ?? decision;
  progress.enter('reporting');
  return finish(input, progress, { decision: recorded.outcome, decidedBy, reason });
}

async function finish(
  input: TriageRoomInput,
  progress: ProgressTracker,
  end: { decision: Outcome; decidedBy: 'score' | 'person' | 'expiry'; reason: string | null },
): Promise<TriageRoomResult> {
  const { decision, decidedBy, reason } = end;
  await tryReport(input, { decision, decided_by: decidedBy, reason });
  const write = () => finishing.finishTriage(input, { decision, decidedBy, reason });
  // Whoever cancels while the result is being written comes too late; one who did so before is still in time.
  const { consideredCancelled } = CancellationScope.current();
  const stands = !consideredCancelled && patched('a-result-is-not-taken-back');
  const result = await (stands ? CancellationScope.nonCancellable(write) : write());
  progress.enter('done');
  show(result);
  return result;
}

async function settleHeld(
  input: TriageRoomInput,
  hold: Hold,
  progress: ProgressTracker,
): Promise<TriageRoomResult> {
  await tryReport(input, { hold });
  const result = await holding.holdTriage(input, hold);
  // A result that came before the hold stands.
  if (result.hold_code) progress.held(hold.code);
  else progress.enter('done');
  show(result, hold.message);
  return result;
}

/** A report that cannot be written costs nobody the result. */
async function tryReport(input: TriageRoomInput, end: ReportEnd): Promise<void> {
  try {
    await report.writeReport(input, end);
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('the report could not be written', { audit: input.audit_id });
  }
}

function show(result: TriageRoomResult, why = ''): void {
  upsertSearchAttributes({ AgosStatus: [result.hold_code ? `held:${result.hold_code}` : result.status] });
  setCurrentDetails(
    result.hold_code
      ? `Held: \`${result.hold_code}\`. ${plainText(why)}`
      : `Score ${result.score}: **${result.status}**`,
  );
}

function waitText(score: number, until: string): string {
  return [
    `Score ${score} is close to the bar: a person decides until ${until}.`,
    `Send the update \`${DECIDE_UPDATE}\` (or the signal \`${DECIDE_SIGNAL}\`) with`,
    '`{"outcome": "qualified", "reason": "..."}` or `"disqualified"`.',
  ].join(' ');
}

/** The hold that the failure names; a cancelled or broken run otherwise. */
function holdFor(error: unknown, reason: string | null): Hold {
  if (isCancellation(error)) {
    return { code: 'cancelled', message: reason ?? 'The triage was cancelled before it ended.' };
  }
  return (
    siteHoldOf(error) ??
    stopHoldOf(error) ??
    budgetHoldOf(error) ??
    workerHoldOf(error) ?? {
      code: 'internal_error',
      message:
        'Something of ours failed while this site was scanned. Try again; the worker log says what it was.',
    }
  );
}
