import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TASK_QUEUES } from '../../../temporal/queues.ts';
import { type ImportRoom, startImportRoom } from '../../../tests/support/import-room.ts';
import { createTenant, giveVolume } from '../../../tests/support/tenant.ts';
import { IMPORT_LEADS, IMPORT_LEADS_QUEUE, IMPORT_START, type ImportProgress } from './messages.ts';

const ROWS = 10_000;
const CHILD = join(import.meta.dirname, '../../../tests/support/import-worker.ts');

/** Of 100 rows 3 are bad and 5 stand for a business that stood before. */
function manyRows(count: number): string {
  const rows = Array.from({ length: count }, (_, n) => {
    if (n % 100 < 3) return `javascript:alert(${n}),Bad ${n},`;
    if (n % 100 < 8) return `http://www.lead-${n - (n % 100) + 50}.example/again,Again ${n},`;
    return `lead-${n}.example,Lead ${n},p${n}@lead-${n}.example`;
  });
  return `url,company,email\n${rows.join('\n')}\n`;
}
const wholeOf = (rows: number) => ({
  total: rows,
  processed: rows,
  created: rows * 0.92,
  duplicates: rows * 0.05,
  rejected: rows * 0.03,
  updated: 0,
});
const few = (count: number) =>
  `url\n${Array.from({ length: count }, (_, n) => `lead-${n}.example`).join('\n')}\n`;

describe('the import of leads', () => {
  let room: ImportRoom;
  const children: ChildProcess[] = [];
  let settling: { stop(): Promise<void> } | undefined;

  beforeAll(async () => {
    room = await startImportRoom();
  });
  beforeEach(async () => {
    room.tenant = await createTenant(room.app.database);
    await giveVolume(room.app.database, room.tenant.id);
    room.openAtStart.length = 0;
  });
  afterEach(async () => {
    await settling?.stop();
    settling = undefined;
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  afterAll(() => room?.close());

  const become = (id: string, expected: object, timeout = 20_000, interval = 100) =>
    expect.poll(() => room.batch(id), { timeout, interval }).toMatchObject(expected);
  const runOf = async (id: string) => {
    const { run_id } = await room.batch(id);
    const { headers } = room.tenant.keys.owner;
    return (await room.app.request('GET', `/v1/runs/${run_id}`, { headers })).body;
  };
  const eventsOf = async (handle: WorkflowHandle) => (await handle.fetchHistory()).events?.length ?? 0;
  const openScans = (count: number) =>
    expect.poll(async () => (await room.openScans()).size, { timeout: 15_000, interval: 100 }).toBe(count);
  const startChild = async (): Promise<ChildProcess> => {
    const about = {
      temporal: room.server.address,
      urls: room.app.database.info,
      assetsDir: room.app.assetsDir,
    };
    const child = spawn(process.execPath, [CHILD, JSON.stringify(about)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    await once(child.stdout!, 'data');
    return child;
  };

  test('of 10,000 rows leaves a history of a few events', async () => {
    await room.startWorker('settled', { window: 200 });
    settling = room.settleEverything();
    const whole = wholeOf(ROWS);
    const startedAt = performance.now();
    const { id, handle } = await room.upload(manyRows(ROWS));
    await become(id, { status: 'completed' }, 280_000, 500);
    const seconds = (performance.now() - startedAt) / 1_000;
    expect((await room.batch(id)).counts).toEqual({
      ...whole,
      qualified: whole.created,
      disqualified: 0,
      error: 0,
      unprocessed: 0,
      awaiting: 0,
    });
    const events = await eventsOf(handle);
    console.info(
      `${ROWS} rows: ${seconds.toFixed(1)} s, ${events} events, ${events / whole.created} per lead`,
    );
    expect(events / whole.created).toBeLessThan(0.1);
    expect(await runOf(id)).toMatchObject({ status: 'completed', end: { code: null } });
    expect(await handle.result()).toEqual({ status: 'completed', lines: ROWS });
  }, 300_000);

  // sabotage: src/leads/batches/pump-triages.ts :: if (paused) return paused; =>
  test('while the kill switch is on it stores its leads and asks for no scan, and goes on when it is off', async () => {
    await room.startWorker('settled');
    settling = room.settleEverything();
    const { headers } = room.tenant.keys.admin;
    const turn = (path: string, json: object) => room.app.request('POST', path, { headers, json });
    expect((await turn('/v1/kill-switches', { reason: 'A drill.' })).status).toBe(201);
    const { id } = await room.upload(few(30));
    await become(id, { status: 'processing', counts: { created: 30 } });
    await sleep(1_000);
    expect((await room.batch(id)).counts).toMatchObject({ qualified: 0, error: 0, unprocessed: 0 });
    const runs = await room.app.request('GET', '/v1/runs?kind=triage-room', { headers });
    expect(runs.body.data).toEqual([]);
    await turn('/v1/kill-switches/off', {});
    await become(id, { status: 'completed', counts: { qualified: 30, error: 0 } });
  });

  test('goes on where it was when its worker is killed, while reading and while scanning', async () => {
    await room.stopWorker();
    const rows = 3_000;
    const whole = wholeOf(rows);
    settling = room.settleEverything();
    const first = await startChild();
    const { id } = await room.upload(manyRows(rows));
    const countOf = async (name: string) => (await room.batch(id)).counts[name];
    await expect.poll(() => countOf('total'), { timeout: 30_000, interval: 20 }).toBeGreaterThan(500);
    first.kill('SIGKILL');
    await once(first, 'exit');
    const read = await countOf('total');
    expect(read).toBeLessThan(rows);
    const second = await startChild();
    await expect.poll(() => countOf('qualified'), { timeout: 60_000, interval: 50 }).toBeGreaterThan(300);
    expect(await countOf('total')).toBe(rows);
    second.kill('SIGKILL');
    await once(second, 'exit');
    await startChild();
    await become(id, { status: 'completed', counts: whole }, 150_000, 500);
    expect((await room.batch(id)).counts.qualified).toBe(whole.created);
    const { admin } = room.app.database;
    const [stored] = await admin`select count(*)::int as leads, count(distinct domain)::int as domains,
      (select count(*)::int from runs where tenant_id = ${room.tenant.id} and kind = 'triage-room') as scans
      from leads where tenant_id = ${room.tenant.id}`;
    expect(stored).toEqual({ leads: whole.created, domains: whole.created, scans: whole.created });
  }, 240_000);

  test('fills the places of scans that an operator terminated, and counts them as errors', async () => {
    await room.startWorker('left open', { window: 4 });
    const { id } = await room.upload(few(10));
    for (const round of [4, 4, 2]) {
      await openScans(round);
      for (const scan of (await room.openScans()).values()) await scan.terminate('a test');
      await room.reconcile();
    }
    await become(id, { status: 'completed', counts: { error: 10, processed: 10, qualified: 0 } });
    expect(Math.max(...room.openAtStart)).toBe(4);
  });

  // sabotage: src/leads/batches/pending-items.ts :: filter (where l.awaiting is null))::int as open => filter (where true))::int as open
  test('waits for no person: a lead whose score waits frees its place and the batch completes', async () => {
    await room.startWorker('left open', { window: 2 });
    const { id, handle } = await room.upload(few(3));
    const { admin } = room.app.database;
    await openScans(2);
    await admin`update leads set status = 'scanning', awaiting = '{"decision": "triage_score"}'
      where tenant_id = ${room.tenant.id} and domain in ('lead-0.example', 'lead-1.example')`;
    await openScans(3);
    await room.settle('lead-2.example', 'disqualified');
    await become(id, { status: 'completed', counts: { awaiting: 2, disqualified: 1, processed: 1 } });
    expect(await handle.result()).toMatchObject({ status: 'completed' });
    await room.settle('lead-0.example', 'qualified');
    expect(await room.batch(id)).toMatchObject({ counts: { awaiting: 1, qualified: 1, processed: 2 } });
  });

  test('waits for a scan that somebody else asked for, and asks for no second one', async () => {
    await room.startWorker('left open');
    const { headers } = room.tenant.keys.operator;
    const json = { url: 'lead-0.example', triage: true };
    await room.app.request('POST', '/v1/leads', { headers, json });
    const { id } = await room.upload(few(2));
    await openScans(2);
    expect(room.openAtStart).toHaveLength(1);
    await room.settle('lead-0.example', 'disqualified');
    await room.settle('lead-1.example', 'qualified');
    await become(id, { status: 'completed', counts: { qualified: 1, disqualified: 1 } });
  });

  // sabotage: src/leads/batches/pending-items.ts :: coalesce(r.ended_at >= i.created_at, false) => false
  // sabotage: src/leads/batches/pump-triages.ts :: if (!isUnscannable(error)) throw error; => throw error;
  test('settles a line whose lead was decided, removed or moved on without the batch being told', async () => {
    await room.startWorker('left open', { window: 1 });
    const { id } = await room.upload(few(4));
    const { admin } = room.app.database;
    await openScans(1);
    const change = (domain: string) =>
      admin`update leads set ${admin(
        domain === 'lead-1.example' ? { deleted_at: new Date() } : { status: 'presenting' },
      )} where tenant_id = ${room.tenant.id} and domain = ${domain}`;
    await change('lead-1.example');
    await change('lead-2.example');
    await admin`update leads set status = 'disqualified'
      where tenant_id = ${room.tenant.id} and domain = 'lead-0.example'`;
    await admin`update runs set ended_at = now(), status = 'completed'
      where tenant_id = ${room.tenant.id} and kind = 'triage-room'`;
    await openScans(1);
    await room.settle('lead-3.example', 'qualified');
    await become(id, {
      status: 'completed',
      counts: { disqualified: 1, unprocessed: 1, qualified: 2, error: 0 },
    });
  });

  // sabotage: src/leads/batches/end-import.ts :: .set({ state: 'unprocessed' }) => .set({ state: 'error' })
  // sabotage: workflows/leads/import-leads/workflow.ts :: if (status === 'cancelled') => if (false)
  // sabotage: workflows/leads/import-leads/workflow.ts :: ('cancelling', 'Cancel => ('import', 'Cancel
  test.each<[string, (id: string, handle: WorkflowHandle) => Promise<unknown>]>([
    [
      'over HTTP',
      (id) =>
        room.app.request('POST', `/v1/batches/${id}/cancel`, { headers: room.tenant.keys.operator.headers }),
    ],
    ['in Temporal', (_, handle) => handle.cancel()],
  ])('cancelled %s leaves no scan open: lines that wait are unprocessed, results stay', async (_, cancel) => {
    await room.startWorker('left open', { window: 3 });
    const { id, handle } = await room.upload(few(10));
    await openScans(3);
    await room.settle('lead-0.example', 'qualified');
    await openScans(3);
    const scans = [...(await room.openScans()).values()];
    await cancel(id, handle);
    await become(id, {
      status: 'cancelled',
      failure: null,
      counts: { qualified: 1, unprocessed: 9, processed: 10 },
    });
    expect(await handle.result()).toMatchObject({ status: 'cancelled' });
    expect(await runOf(id)).toMatchObject({ status: 'cancelled', end: { code: 'cancelled' } });
    for (const scan of scans) {
      const { events } = await scan.fetchHistory();
      const signals = events?.map((event) => event.workflowExecutionSignaledEventAttributes?.signalName);
      expect(signals).toContain('cancel');
    }
    expect(room.openAtStart).toHaveLength(4);
    const asked = (await handle.fetchHistory()).events?.map(
      (event) => event.activityTaskScheduledEventAttributes,
    );
    const cancelling = asked?.find((one) => one?.activityType?.name === 'cancelTriages');
    expect(cancelling?.taskQueue?.name, 'where no import can keep it waiting').toBe('core');
  });

  // sabotage: activities/leads/import-leads.ts :: pumpMs: 15_000, => pumpMs: 5 * 60_000,
  test('as many as there are places keep no other one waiting', async () => {
    await room.startWorker('left open');
    const places = Array.from(
      { length: TASK_QUEUES.imports.concurrency },
      (_, n) => `url\nbusy-${n}.example\n`,
    );
    const busy = await Promise.all(places.map((file) => room.upload(file)));
    await openScans(places.length);
    room.tenant = await createTenant(room.app.database);
    const { id } = await room.upload(few(3), { query: { triage: 'false' } });
    await become(id, { status: 'completed' }, 60_000);
    await Promise.all(busy.map(({ handle }) => handle.terminate('a test')));
  }, 90_000);

  // sabotage: activities/leads/import-leads.ts :: if (done || ageMs() >= limits.reportMs) return { done, open }; => return { done, open };
  // sabotage: temporal/failures.ts :: if (error instanceof TriedLonger) return toFailure(error.cause, 1); => if (error instanceof TriedLonger) return toFailure(error.cause, attempt);
  test('gives its place back again and again without a word in its history, and outlasts a fault after that', async () => {
    await room.startWorker('left open', { window: 1, pumpMs: 1 });
    const { id, handle } = await room.upload(few(2));
    await openScans(1);
    const attemptOf = async () => {
      const { raw } = await handle.describe();
      return (
        raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'pumpTriages')?.attempt ?? 0
      );
    };
    await expect.poll(attemptOf, { timeout: 30_000, interval: 100 }).toBeGreaterThan(6);
    expect(await eventsOf(handle)).toBeLessThan(30);
    const { admin } = room.app.database;
    const attempt = await attemptOf();
    await admin`alter table batch_items rename to batch_items_away`;
    await sleep(2_000);
    await admin`alter table batch_items_away rename to batch_items`;
    await expect.poll(attemptOf, { timeout: 30_000, interval: 100 }).toBeGreaterThan(attempt + 1);
    for (const lead of ['lead-0.example', 'lead-1.example']) {
      await expect.poll(async () => (await room.openScans()).has(lead), { timeout: 30_000 }).toBe(true);
      await room.settle(lead, 'qualified');
    }
    await become(id, { status: 'completed', counts: { qualified: 2 } }, 30_000);
  }, 120_000);

  test.each([
    ['text/csv', 'name,phone\nA,1\n', 'csv_invalid'],
    ['application/json', '[{"url": ', 'invalid_json'],
    ['application/json', '{"rows": []}', 'validation_failed'],
  ])('of %s that cannot be read fails with a sentence, and so does its run', async (mime, content, code) => {
    await room.startWorker('settled');
    const { id } = await room.upload(content, { mime });
    await become(id, { status: 'failed', failure: { code }, counts: { total: 0 } });
    expect(await runOf(id)).toMatchObject({ status: 'failed', end: { code } });
  });

  test('without triage only stores', async () => {
    await room.startWorker('settled');
    const { id } = await room.upload(few(3), { query: { triage: 'false' } });
    await become(id, { status: 'completed', counts: { created: 3, processed: 3, qualified: 0 } });
    expect(room.openAtStart).toEqual([]);
  });

  test('terminated by an operator fails with the hold, and a reset takes it up again', async () => {
    await room.startWorker('left open', { window: 1 });
    const { id, handle } = await room.upload(few(2));
    await openScans(1);
    await handle.terminate('a test');
    await room.reconcile();
    await become(id, { status: 'failed', failure: { code: 'run_terminated' }, counts: { unprocessed: 2 } });
    await room.settle('lead-0.example', 'qualified');
    await room.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: handle.workflowId },
      reason: 'test',
      requestId: id,
      // Typed as a Long, but any number will do.
      workflowTaskFinishEventId: 4 as never,
    });
    await become(id, { status: 'processing', failure: null });
    await openScans(1);
    await room.settle('lead-1.example', 'disqualified');
    await become(id, { status: 'completed', counts: { qualified: 1, disqualified: 1, unprocessed: 0 } });
  });

  test('goes on from the position that continue-as-new carries', async () => {
    await room.stopWorker();
    const { id, handle, input } = await room.upload(few(6), { query: { triage: 'false' } });
    await handle.terminate('started again below, as if it had continued');
    const lineThree = Buffer.from('url\nlead-0.example\nlead-1.example\n').length;
    const resume = { ...IMPORT_START, offset_bytes: lineThree, next_line: 4, lines_read: 2 };
    await room.startWorker('settled');
    const again = await room.client.workflow.start(IMPORT_LEADS, {
      workflowId: handle.workflowId,
      taskQueue: IMPORT_LEADS_QUEUE,
      args: [{ ...input, resume }],
    });
    expect(await again.result()).toEqual({ status: 'completed', lines: 6 });
    expect((await room.batch(id)).counts.created).toBe(4);
    const items = await room.app.database
      .admin`select line from batch_items where batch_id = ${id} order by line`;
    expect(items.map((item) => item.line)).toEqual([4, 5, 6, 7]);
  });

  test('answers how far it is', async () => {
    await room.startWorker('left open', { window: 1, pumpMs: 200, reportMs: 0 });
    const { id, handle } = await room.upload(few(3));
    await openScans(1);
    await expect
      .poll(() => handle.query<ImportProgress>('progress'), { timeout: 10_000 })
      .toEqual({ phase: 'triaging', lines_read: 3, triages_open: 1 });
    await handle.signal('cancel', { reason: 'enough' });
    await become(id, { status: 'cancelled' });
  });
});
