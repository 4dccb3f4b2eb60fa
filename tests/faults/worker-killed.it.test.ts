import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { repetitions } from '../support/seeds.ts';
import { type FaultLead, type FaultStack, startFaultStack, type WorkerProcess } from './support/stack.ts';

/** What the profiles `fetch`, `browser` and `lighthouse` promise. */
const HEARTBEAT_TIMEOUT_MS = 10_000;
const SEEDS = repetitions(2);
/** Each step with the number of its first request of the page: the phone and the desktop ask once each. */
const STEPS = [
  ['inspectPage', 2],
  ['fetchSite', 1],
  ['measurePage', 4],
] as const;

let stack: FaultStack;
let worker: WorkerProcess;
beforeAll(async () => {
  stack = await startFaultStack();
  worker = stack.startWorker();
  await worker.serving;
});
afterAll(() => stack?.close());

// Row 1: worker SIGKILL mid-activity: retried within heartbeat timeout + 5 s; 0 lost.
test.each(Array.from({ length: SEEDS }, (_, index) => index + 1))(
  'a worker killed in the middle of an activity, seed %i: the work is retried in time and nothing is lost',
  async (seed) => {
    // sabotage: workflows/lib/activity-profiles.ts :: const HEARTBEAT_TIMEOUT = '10s'; => const HEARTBEAT_TIMEOUT = '40s';
    const [step, request] = STEPS[seed % STEPS.length]!;
    const site = stack.sites.add();
    const killed = Promise.withResolvers<void>();
    site.before = (nth) => (nth === request ? killed.promise : undefined);
    const lead = await stack.lead(site);
    expect((await stack.triage(lead)).status).toBe(202);
    await untilRunning(lead, step);
    const heir = stack.startWorker();
    let killedAt: number;
    try {
      await heir.serving;
      await sleep(random(seed) * 2_000);
      await untilRunning(lead, step);
    } finally {
      // Also when this seed fails: two workers would share the next one's work.
      killedAt = Date.now();
      await worker.kill();
      killed.resolve();
      worker = heir;
    }
    const state = await stack.untilEnded(lead);
    const retries = (await startsOf(lead)).filter(({ attempt }) => attempt > 1);
    const [retry] = retries.filter(({ activity }) => activity === step);
    console.log(`seed ${seed}: ${step} retried ${(retry?.atMs ?? Number.NaN) - killedAt} ms after SIGKILL`);
    expect(retry).toMatchObject({ attempt: 2 });
    expect(retry!.atMs - killedAt).toBeGreaterThan(0);
    expect(retry!.atMs - killedAt).toBeLessThan(HEARTBEAT_TIMEOUT_MS + 5_000);
    expect(['qualified', 'disqualified']).toContain(state.lead.status);
    expect(state.lead).toMatchObject({ hold_code: null, latest_audit_id: state.audit?.id });
    expect(state.run).toMatchObject({ status: 'completed', end_code: null });
    expect(state.audit).toMatchObject({ status: 'completed' });
    expect(state.agentRun).toMatchObject({ status: 'completed' });
    expect(state.report).toContain('<!doctype html>');
    const [{ audits }] = (await stack.app.database.admin`
      select count(*)::int as audits from audits where lead_id = ${lead.id}`) as unknown as [
      { audits: number },
    ];
    expect(audits).toBe(1);
  },
  150_000,
);

// A page that ends every worker that opens it must not go on doing so.
test.runIf(SEEDS > 2)(
  'when every worker that scans a site is killed, its lead is held with that reason after the third',
  async () => {
    // sabotage: workflows/triage/triage-room/workflow.ts :: workerHoldOf(error) ?? { => {
    const site = stack.sites.add();
    site.before = () => new Promise(() => {});
    const lead = await stack.lead(site);
    expect((await stack.triage(lead)).status).toBe(202);
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      await untilRunning(lead, 'fetchSite', attempt);
      await worker.kill();
      worker = stack.startWorker();
      await worker.serving;
    }
    const state = await stack.untilEnded(lead);
    expect(state.lead).toMatchObject({ status: 'new', hold_code: 'worker_lost' });
    expect(state.run).toMatchObject({ end_code: 'worker_lost' });
  },
  150_000,
);

async function untilRunning(lead: FaultLead, activity: string, attempt = 1): Promise<void> {
  await expect
    .poll(() => runningOf(lead, attempt).catch(() => []), { timeout: 60_000, interval: 100 })
    .toContain(activity);
}

async function runningOf(lead: FaultLead, attempt: number): Promise<(string | null | undefined)[]> {
  const { raw } = await stack.handle(lead).describe();
  const started = raw.pendingActivities?.filter(
    (pending) => pending.state === 2 && pending.attempt === attempt && pending.lastHeartbeatTime,
  );
  return started?.map(({ activityType }) => activityType?.name) ?? [];
}

/** Each activity's last start, as the history tells. */
async function startsOf(lead: FaultLead): Promise<{ activity: string; attempt: number; atMs: number }[]> {
  const { events } = await stack.handle(lead).fetchHistory();
  return (events ?? []).flatMap(({ activityTaskStartedEventAttributes: started, eventTime }) => {
    if (!started) return [];
    const scheduled = events?.find(({ eventId }) => String(eventId) === String(started.scheduledEventId));
    const activity = scheduled?.activityTaskScheduledEventAttributes?.activityType?.name ?? '';
    const atMs = Number(eventTime?.seconds) * 1_000 + (eventTime?.nanos ?? 0) / 1e6;
    return [{ activity, attempt: started.attempt ?? 1, atMs: Math.round(atMs) }];
  });
}

/** The same moment for the same seed, between 0 and 1. */
function random(seed: number): number {
  return ((seed * 2_654_435_761) % 2 ** 32) / 2 ** 32;
}
