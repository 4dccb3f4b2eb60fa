import { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AgosError } from '../../../src/kernel/errors.ts';
import { SITE_HOLD_CODES } from '../../../src/kernel/holds.ts';
import { createDataConverter } from '../../../temporal/codec/data-converter.ts';
import { type Behaviour, holds, type ScanStep } from '../../../tests/support/stored-scanner.ts';
import { startTriageRoom, type TriageRoom } from '../../../tests/support/triage-room.ts';

/** Of the profile `fetch`. */
const FETCH_TRIES = 3;

let room: TriageRoom;
beforeAll(async () => {
  room = await startTriageRoom();
});
afterAll(() => room?.close());

describe.concurrent('a triage ends', () => {
  test.each([
    ['hartleys-plumbing', 'qualified'],
    ['kestrel-joinery', 'disqualified'],
  ] as const)('with a decision by the score alone: %s is %s', async (site, decision) => {
    const lead = await room.lead(site, { inBatch: true });
    const runId = await room.triage(lead);
    const result = await room.handle(lead).result();
    const state = await room.state(lead);
    const score = state.audit?.score;
    expect(result).toEqual({ status: decision, score: Number(score), hold_code: null });
    expect(state.lead).toMatchObject({ status: decision, score, hold_code: null, awaiting: null });
    expect(state.lead).toMatchObject({ current_room: 'triage', status_before_run: null });
    expect(state.lead).toMatchObject({ latest_audit_id: state.audit?.id, reasons: state.audit?.reasons });
    expect(state.run).toMatchObject({ id: runId, status: 'completed', end_code: null });
    expect(state.run.ended_at).not.toBeNull();
    expect(state.audit).toMatchObject({
      status: 'completed',
      decision,
      decided_by: 'score',
      hold_code: null,
    });
    expect(state.agentRun).toMatchObject({ status: 'completed', error: null, input_tokens: 0 });
    expect(state.agentRun?.output).toEqual({ score: Number(score), decision });
    expect(toolsOf(state.agentRun).sort()).toEqual([
      'check_links ok',
      'fetch_site ok',
      'inspect_page ok',
      'measure_page ok',
    ]);
    expect(state.item).toMatchObject({ state: decision });
    expect(state.approval).toBeNull();
    expect(state.report).toContain('<!doctype html>');
    expect(room.scanner.callsOf(lead.host)).toHaveLength(4);
  });

  /** Where a hold can come from, and where the lead came from: every code in turn. */
  const cases = SITE_HOLD_CODES.map((code, index) => {
    const step: ScanStep = code === 'browser_crashed' || index % 2 ? 'inspect' : 'fetch';
    return [code, step, (['new', 'qualified', 'disqualified'] as const)[index % 3]!] as const;
  });
  test.each(cases)('held with %s at %s: the lead goes back to %s', async (code, step, status) => {
    const lead = await room.lead('hartleys-plumbing', { status, on: { [step]: holds(code) }, inBatch: true });
    await room.triage(lead);
    const result = await room.handle(lead).result();
    const hold = { hold_code: code, hold_message: `As the test asked: ${code}.` };
    const state = await room.state(lead);
    expect(result).toEqual({ status: 'held', score: null, hold_code: code });
    expect(state.lead).toMatchObject({
      ...hold,
      status,
      score: null,
      awaiting: null,
      status_before_run: null,
    });
    expect(state.lead.hold_since).toBeInstanceOf(Date);
    expect(state.audit).toMatchObject({ ...hold, status: 'held', score: null, decision: null, signals: [] });
    expect(state.run).toMatchObject({ status: 'completed', end_code: code, end_message: hold.hold_message });
    expect(state.agentRun).toMatchObject({
      status: 'failed',
      error: { code, message: hold.hold_message },
    });
    expect(state.item).toMatchObject({ state: 'error' });
    expect(state.report).toContain('<!doctype html>');
    const tries = room.scanner.callsOf(lead.host).filter((one) => one === step);
    expect(tries).toHaveLength(code === 'browser_crashed' ? 2 : 1);
  });

  test('held, and the Web UI says why, in words that link nowhere', async () => {
    const lead = await room.lead('hartleys-plumbing', { on: { fetch: holds('redirect_forbidden') } });
    await room.triage(lead);
    await room.handle(lead).result();
    // Ours asks open runs only, the Web UI asks also those that have ended.
    const dataConverter = createDataConverter(room.payloadKeys);
    const client = new Client({ connection: room.client.connection, dataConverter });
    const metadata = await client.workflow
      .getHandle(lead.workflowId)
      .query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(metadata.currentDetails).toBe(
      'Held: `redirect_forbidden`. As the test asked\\: redirect\\_forbidden\\.',
    );
  });

  test('a browser that crashes once is tried again, and the site is triaged', async () => {
    const lead = await room.lead('hartleys-plumbing', { on: { inspect: holds('browser_crashed', 1) } });
    await room.triage(lead);
    await expect(room.handle(lead).result()).resolves.toMatchObject({ status: 'qualified' });
    const state = await room.state(lead);
    expect(toolsOf(state.agentRun).filter((one) => one.startsWith('inspect'))).toEqual([
      'inspect_page browser_crashed',
      'inspect_page ok',
    ]);
  });

  // sabotage: workflows/lib/when-there.ts :: await sleep(LOOK_AGAIN_MS); => throw error;
  test('a database that is away for longer than a step is tried holds no lead: its scan goes on when it is back', async () => {
    const away: Behaviour = ({ nth }) => {
      const soon = { retryAfterSeconds: 1 };
      if (nth <= FETCH_TRIES + 1) throw new AgosError('database_unavailable', 'A test.', soon);
    };
    const lead = await room.lead('hartleys-plumbing', { on: { fetch: away } });
    await room.triage(lead);
    await expect(room.handle(lead).result()).resolves.toMatchObject({ status: 'qualified', hold_code: null });
    expect(room.scanner.callsOf(lead.host).filter((step) => step === 'fetch')).toHaveLength(FETCH_TRIES + 2);
  }, 60_000);

  test('a page that Lighthouse cannot measure leaves its figures unknown, and the rest stands', async () => {
    const lead = await room.lead('hartleys-plumbing', { on: { measure: holds('page_timeout') } });
    await room.triage(lead);
    await expect(room.handle(lead).result()).resolves.toMatchObject({ status: 'qualified' });
    const { audit, lead: row } = await room.state(lead);
    expect(Object.keys(audit?.facts as object).sort()).toEqual(['fetch', 'links', 'page']);
    const slow = (audit!.signals as { code: string; detected: boolean | null }[]).find(
      (signal) => signal.code === 'pagespeed_below_50',
    );
    expect(slow).toMatchObject({ detected: null, points: 0 });
    expect(row.hold_code).toBeNull();
  });

  test('a hold of an earlier scan is gone once the next one ends well', async () => {
    const lead = await room.lead('hartleys-plumbing', { on: { fetch: holds('unreachable', 1) } });
    await room.triage(lead);
    await room.handle(lead).result();
    expect((await room.state(lead)).lead).toMatchObject({ status: 'new', hold_code: 'unreachable' });
    await room.triage(lead);
    await room.handle(lead).result();
    const { lead: row, audit } = await room.state(lead);
    expect(row).toMatchObject({ status: 'qualified', hold_code: null, hold_message: null, hold_since: null });
    expect(row.latest_audit_id).toBe(audit?.id);
  });

  test('a held rescan keeps the score and the reasons of the scan before', async () => {
    let rescan = false;
    const lead = await room.lead('hartleys-plumbing', {
      on: { fetch: (call) => (rescan ? holds('http_error')(call) : undefined) },
    });
    await room.triage(lead);
    await room.handle(lead).result();
    const before = await room.state(lead);
    rescan = true;
    await room.triage(lead);
    await room.handle(lead).result();
    const { score, reasons } = before.lead;
    expect((await room.state(lead)).lead).toMatchObject({
      status: 'qualified',
      hold_code: 'http_error',
      score,
      reasons,
    });
  });

  test('a one-off audit is triaged and keeps no lead', async () => {
    const host = 'one-off.example';
    room.scanner.serve(host, 'hartleys-plumbing');
    const { headers } = room.tenant.keys.operator;
    const answer = await room.app.request('POST', '/v1/audits', {
      headers,
      json: { url: `https://${host}/` },
    });
    expect(answer.status).toBe(202);
    const { workflow_id, subject_id, id } = answer.body;
    await expect(room.client.workflow.getHandle(workflow_id).result()).resolves.toMatchObject({
      status: 'qualified',
    });
    const [audit] = await room.app.database.admin`select * from audits where id = ${subject_id}`;
    expect(audit).toMatchObject({ status: 'completed', decision: 'qualified', lead_id: null, run_id: id });
    const run = await room.app.request('GET', `/v1/runs/${id}`, { headers });
    expect(run.body).toMatchObject({ status: 'completed', end: { code: null } });
  });
});

const toolsOf = (agentRun: Record<string, unknown> | null): string[] =>
  ((agentRun?.tools_called ?? []) as { name: string; error: string | null }[]).map(
    ({ name, error }) => `${name} ${error ?? 'ok'}`,
  );
