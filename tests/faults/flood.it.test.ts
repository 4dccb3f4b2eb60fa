import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { afterEach, describe, expect, test } from 'vitest';
import { type ImportRoom, startImportRoom } from '../support/import-room.ts';
import { repetitions } from '../support/seeds.ts';
import { giveVolume } from '../support/tenant.ts';
import { type Lead, startTriageRoom, type TriageRoom, WAITS_LONG } from '../support/triage-room.ts';

/** The row's own numbers at night; else as many as show the same. */
const IS_NIGHT = repetitions(1) > 1;
const LEADS = IS_NIGHT ? 10_000 : 200;
const SIGNALS = IS_NIGHT ? 20_000 : 200;
/** One scan in a hundred is terminated by an operator. */
const TERMINATED_EACH = 100;
const WINDOW = 20;
const GIVE_UP_MS = LEADS * 500 + 60_000;

/** What the row allows: a history that continues as new before this many events, and as many pending. */
const MOST_EVENTS = 10_240;
/** What a part of the row's load may come to beside a run's own events, so that the whole stays below it. */
const eventsFor = (part: number, whole: number) => 150 + Math.floor(((MOST_EVENTS - 150) * part) / whole);

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const historyOf = async (handle: WorkflowHandle) => (await handle.fetchHistory()).events ?? [];

// Row 23: 10,000 leads at once, 1 % of their scans terminated.
describe('a flood of leads', () => {
  test('keeps its window of scans whatever becomes of them: no place leaks, no lead is forgotten, the history stays short', async () => {
    // sabotage: activities/journal/lost-runs.ts :: terminated: { code: 'run_terminated', message: 'An operator ended the run. Try again when it may go on.' }, => terminated: null as never,
    const room = await startImportRoom();
    open.push(room);
    await giveVolume(room.app.database, room.tenant.id);
    await room.startWorker('left open', { window: WINDOW });
    const rows = Array.from({ length: LEADS }, (_, n) => `lead-${n}.example`);
    const { id, handle } = await room.upload(['url', ...rows].join('\n'));
    const { terminated, mostPending } = await endScans(room, id, handle);
    expect(terminated).toBe(Math.floor(LEADS / TERMINATED_EACH));
    expect((await room.batch(id)).counts).toMatchObject({
      total: LEADS,
      processed: LEADS,
      error: terminated,
      qualified: LEADS - terminated,
    });
    expect(Math.max(...room.openAtStart)).toBeLessThanOrEqual(WINDOW);
    // Scans are no children: nothing that ends badly is left pending on the import.
    expect(mostPending).toBe(0);
    const { admin } = room.app.database;
    const [left] = await admin`select count(*)::int as leads,
      count(*) filter (where status = 'qualified')::int as qualified,
      count(*) filter (where hold_code = 'run_terminated')::int as held,
      (select count(*)::int from runs where ended_at is null) as open from leads`;
    expect(left).toEqual({ leads: LEADS, qualified: LEADS - terminated, held: terminated, open: 0 });
    const events = (await historyOf(handle)).length;
    console.log(
      `${LEADS} leads, ${terminated} terminated: at most ${Math.max(...room.openAtStart)} open, ${events} events`,
    );
    expect(events).toBeLessThan(eventsFor(LEADS, 10_000));
  }, 1_200_000);
});

// Row 23: 20,000 signals at once. Cancellations are signals; decisions by the API are updates.
describe('a flood of requests to one run', () => {
  test('to cancel: it is told, its history does not grow with them, and each is answered', async () => {
    // sabotage: src/journal/runs/cancel-run.ts :: || run.cancelDeliveredAt) return run; => ) return run;
    const { room, lead, runId } = await waiting();
    // Nobody serves the workflow meanwhile: what is signalled stays in its history.
    await room.stopWorker();
    const answers = await flood(room, `/v1/runs/${runId}/cancel`, () => ({}));
    expect(answers.get('202')).toBeGreaterThan(0);
    expect([...answers.keys()].filter((answer) => !['202', ...BUSY].includes(answer))).toEqual([]);
    const countSignals = async () =>
      (await historyOf(room.handle(lead))).filter((event) => event.workflowExecutionSignaledEventAttributes)
        .length;
    // They wait beside the history while a task of the stopped worker has not timed out.
    await expect.poll(countSignals, { timeout: 30_000 }).toBeGreaterThan(0);
    expect(await countSignals()).toBeLessThanOrEqual(AT_ONCE);
    await room.startWorker();
    await expect.poll(async () => (await room.state(lead)).run.status, { timeout: 30_000 }).toBe('cancelled');
  }, 600_000);

  test('to decide: one counts, the others learn so, and the history does not grow with them', async () => {
    const { room, lead } = await waiting();
    const answers = await flood(room, `/v1/leads/${lead.id}/decision`, (n) => ({
      outcome: n % 2 ? 'qualified' : 'disqualified',
      reason: `request ${n}`,
    }));
    expect(answers.get('200')).toBe(1);
    const refusals = ['already_decided', 'not_awaiting', 'run_ended', ...BUSY];
    expect([...answers.keys()].filter((answer) => !['200', ...refusals].includes(answer))).toEqual([]);
    // The decision that counts is answered before the run has written its end.
    await expect.poll(async () => (await room.state(lead)).run.status, { timeout: 30_000 }).toBe('completed');
    expect((await room.state(lead)).approval?.status).toBe('decided');
    const events = (await historyOf(room.handle(lead))).length;
    console.log(
      `${SIGNALS} decisions: ${[...answers].map(([what, n]) => `${what} ${n}`).join(', ')}; ${events} events`,
    );
    expect(events).toBeLessThan(eventsFor(SIGNALS, 20_000));
  }, 600_000);
});

/** What whoever asks too much at once is told: to ask again. */
const BUSY = ['temporal_unavailable', 'database_unavailable'];
/** Requests of one client that are on their way together. */
const AT_ONCE = 50;

/** How often each answer came. */
async function flood(
  room: TriageRoom,
  path: string,
  json: (n: number) => object,
): Promise<Map<string, number>> {
  const { headers } = room.tenant.keys.operator;
  const answers = new Map<string, number>();
  let next = 0;
  const send = async (): Promise<void> => {
    while (next < SIGNALS) {
      next += 1;
      const { status, body } = await room.app.request('POST', path, { headers, json: json(next) });
      const answer = String(body.error ?? status);
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, send));
  return answers;
}

/** A room with one lead whose score waits for a person. */
async function waiting(): Promise<{ room: TriageRoom; lead: Lead; runId: string }> {
  const room = await startTriageRoom();
  open.push(room);
  const lead = await room.lead('hartleys-plumbing', { industry: WAITS_LONG });
  const runId = await room.triage(lead);
  await expect.poll(async () => (await room.state(lead)).lead.awaiting, { timeout: 90_000 }).toBeTruthy();
  return { room, lead, runId };
}

/** Ends every scan as it opens: most as Room 1 does, some from outside, as an operator would. */
async function endScans(
  room: ImportRoom,
  batch: string,
  importing: WorkflowHandle,
): Promise<{ terminated: number; mostPending: number }> {
  const { admin } = room.app.database;
  const gone = new Set<string>();
  let seen = 0;
  let mostPending = 0;
  const deadline = Date.now() + GIVE_UP_MS;
  while (Date.now() < deadline) {
    const scans = await admin<{ id: string; workflowId: string; leadId: string }[]>`
      select id, workflow_id as "workflowId", lead_id as "leadId" from runs
      where kind = 'triage-room' and ended_at is null and status <> 'requested' order by id`;
    const fresh = scans.filter(({ id }) => !gone.has(id));
    const doomed = fresh.filter((_, index) => (seen + index + 1) % TERMINATED_EACH === 0);
    seen += fresh.length;
    for (const { id, workflowId } of doomed) {
      gone.add(id);
      await room.client.workflow.getHandle(workflowId).terminate('an operator');
    }
    await settleAll(
      room,
      fresh.filter(({ id }) => !gone.has(id)),
    );
    if (doomed.length > 0) {
      await room.reconcile();
      const { raw } = await importing.describe();
      mostPending = Math.max(mostPending, raw.pendingChildren?.length ?? 0);
    }
    if ((await room.batch(batch)).status === 'completed') return { terminated: gone.size, mostPending };
    await sleep(50);
  }
  throw new Error(`the import has not ended after ${seen} scans`);
}

/** What Room 1's last step writes, for many at once. */
async function settleAll(room: ImportRoom, scans: readonly { id: string; leadId: string }[]): Promise<void> {
  const ids = scans.map(({ id }) => id);
  const leads = scans.map(({ leadId }) => leadId);
  await room.app.database.admin.begin(async (sql) => {
    await sql`update runs set status = 'completed', ended_at = clock_timestamp() where id = any(${ids})`;
    await sql`update leads set status = 'qualified' where id = any(${leads})`;
    await sql`update batch_items set state = 'qualified' where lead_id = any(${leads}) and state = 'pending'`;
  });
}
