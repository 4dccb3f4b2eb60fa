import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LLMock } from '@copilotkit/aimock';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type FaultLead,
  type FaultProcess,
  type FaultStack,
  startFaultStack,
} from '../faults/support/stack.ts';
import { type Family, parseExposition } from './exposition.ts';
import { type ReceivedSpan, receiveTraces, type TraceReceiver } from './trace-receiver.ts';

const ROOT = join(import.meta.dirname, '../..');
const SUMMARY = 'The site is sound: its pages answer, and whoever wants to call finds a number at once.';

const model = new LLMock({ port: 0 });
let stack: FaultStack;
let api: FaultProcess;
let worker: FaultProcess;
let url: string;
let lead: FaultLead;
let receiver: TraceReceiver;
let traced: Record<string, string>;

/** A caller's own trace, which it would like everything of ours to be part of. */
const STRANGER = { traceId: 'badbadbadbadbadbadbadbadbadbadba', spanId: 'badbadbadbadbadb' };

beforeAll(async () => {
  await model.start();
  const usage = { input_tokens: 1_000, output_tokens: 100 };
  model.addFixture({ match: {}, response: { content: JSON.stringify({ text: SUMMARY }), usage } });
  stack = await startFaultStack();
  receiver = await receiveTraces();
  traced = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: '200' };
  const watched = {
    ...traced,
    ANTHROPIC_API_KEY: 'sk-ant-test-key-of-a-test',
    ANTHROPIC_BASE_URL: model.url,
  };
  worker = stack.startWorker({ ...watched, AGOS_WORKER_METRICS_ADDRESS: '127.0.0.1:0' });
  api = stack.startApi({ ...traced, AGOS_API_METRICS_ADDRESS: '127.0.0.1:0' });
  await Promise.all([api.serving, worker.serving]);
  url = `http://127.0.0.1:${said(api, 'API is serving').port}`;
  lead = await stack.lead(stack.sites.add());
  await fetch(`${url}/v1/nowhere/${stack.tenant.id}?key=secret`);
  const headers = {
    ...stack.tenant.keys.operator.headers,
    traceparent: `00-${STRANGER.traceId}-${STRANGER.spanId}-01`,
    tracestate: 'stranger=evil-state',
    baggage: 'who=evil-baggage',
  };
  const asked = await fetch(`${url}/v1/leads/${lead.id}/triage`, { method: 'POST', headers });
  expect(asked.status).toBe(202);
  const ended = await stack.untilEnded(lead);
  expect(ended.run).toMatchObject({ status: 'completed', end_code: null });
});
afterAll(async () => {
  await stack?.close();
  await receiver?.close();
  await model.stop();
});

/** The entry of a process's log with this message. */
function said(one: FaultProcess, message: string): Record<string, unknown> {
  const line = one.lines.find((text) => text.includes(`"${message}"`));
  return JSON.parse(line ?? 'null') as Record<string, unknown>;
}

describe('metrics', () => {
  const address = (one: FaultProcess) => `http://127.0.0.1:${said(one, 'metrics are served').port}/metrics`;
  const scrape = async (one: FaultProcess): Promise<{ text: string; families: Map<string, Family> }> => {
    const answer = await fetch(address(one));
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await answer.text();
    return { text, families: parseExposition(text) };
  };
  const figure = (families: Map<string, Family>, series: string, labels: Record<string, string> = {}) =>
    [...families.values()]
      .flatMap(({ samples }) => samples)
      .find(
        ({ name, labels: has }) =>
          name === series && Object.entries(labels).every(([key, value]) => has[key] === value),
      )?.value;

  test('the API tells its requests, transactions, streams and the state of the installation', async () => {
    const { families } = await scrape(api);
    const request = { route: '/v1/leads/{id}/triage', method: 'POST', status: '2xx' };
    expect(figure(families, 'agos_http_request_duration_seconds_count', request)).toBe(1);
    const nowhere = { route: 'none', method: 'GET', status: '4xx' };
    expect(figure(families, 'agos_http_request_duration_seconds_count', nowhere)).toBe(1);
    for (const door of ['tenant', 'system']) {
      expect(figure(families, 'agos_db_transaction_duration_seconds_count', { door })).toBeGreaterThan(0);
      expect(figure(families, 'agos_db_acquire_duration_seconds_count', { door })).toBeGreaterThan(0);
      expect(figure(families, 'agos_db_connections_limit', { door })).toBeGreaterThan(0);
    }
    expect(figure(families, 'agos_runs_unmarked')).toBe(0);
    expect(figure(families, 'agos_runs_unmarked_oldest_seconds')).toBe(0);
    expect(figure(families, 'agos_event_streams_open')).toBe(0);
    expect(figure(families, 'agos_spend_today_micro_usd')).toBeGreaterThan(150);
    expect(figure(families, 'agos_spend_cap_micro_usd')).toBe(100_000_000);
    expect(figure(families, 'agos_kill_switches_on', { reach: 'global' })).toBe(0);
    expect(figure(families, 'agos_build_info', { process: 'api' })).toBe(1);
    expect(figure(families, 'process_resident_memory_bytes')).toBeGreaterThan(1e6);
  });

  test('the worker tells activities, scans, model calls, browsers, and Temporal’s own figures', async () => {
    // Temporal's own come with a second's delay.
    const { families } = await vi.waitFor(
      async () => {
        const scraped = await scrape(worker);
        const done = { workflow_type: 'triageRoom' };
        expect(figure(scraped.families, 'temporal_workflow_completed_total', done)).toBe(1);
        return scraped;
      },
      { timeout: 10_000, interval: 200 },
    );
    for (const activity of ['beginTriage', 'fetchSite', 'summariseAudit', 'finishTriage']) {
      const done = { activity, outcome: 'done' };
      expect(figure(families, 'agos_activity_duration_seconds_count', done)).toBe(1);
    }
    for (const step of ['fetch', 'inspect', 'links', 'measure']) {
      expect(figure(families, 'agos_scan_step_duration_seconds_count', { step, outcome: 'done' })).toBe(1);
    }
    expect(figure(families, 'agos_activity_schedule_to_start_seconds_count', { queue: 'browser' })).toBe(1);
    expect(figure(families, 'agos_scan_cpu_seconds_total')).toBeGreaterThan(0);
    expect(figure(families, 'agos_browser_starts_total')).toBe(1);
    expect(figure(families, 'agos_browser_contexts_open')).toBe(0);
    const answered = { skill: 'triage-summary', tier: 'fast', generated_by: 'model' };
    expect(figure(families, 'agos_model_call_duration_seconds_count', answered)).toBe(1);
    expect(figure(families, 'agos_model_tokens_total', { ...answered, direction: 'input' })).toBeGreaterThan(
      0,
    );
    expect(figure(families, 'agos_model_cost_micro_usd_total', answered)).toBe(150);
    expect(figure(families, 'agos_db_transactions_open', { door: 'tenant' })).toBe(0);
    for (const name of [
      'temporal_workflow_task_execution_latency_seconds_count',
      'temporal_sticky_cache_size',
      'temporal_worker_task_slots_available',
      'temporal_num_pollers',
    ]) {
      expect(figure(families, name), name).toBeDefined();
    }
  });

  test('no label tells a tenant, a lead, a run or an address', async () => {
    // sabotage: src/api/observe-requests.ts :: path.includes('*') ? 'none' : => false ? 'none' :
    const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}/;
    for (const one of [api, worker]) {
      const { families } = await scrape(one);
      const values = [...families.values()]
        .flatMap(({ samples }) => samples)
        .flatMap(({ labels }) => Object.values(labels));
      for (const value of new Set(values)) {
        expect(value).not.toMatch(uuid);
        expect(value).not.toMatch(/https?:|secret|\.example|\*/);
      }
    }
  });

  test('docs/observability.md names every metric of ours, and no other', async () => {
    const document = readFileSync(join(ROOT, 'docs/observability.md'), 'utf8');
    const rows = [...document.matchAll(/^\| `(agos_\w+)` \|/gm)].map(([, name]) => name);
    const served = (await Promise.all([api, worker].map(scrape))).flatMap(({ families }) => [
      ...families.keys(),
    ]);
    expect(new Set(rows)).toEqual(new Set(served.filter((name) => name.startsWith('agos_'))));
  });

  test('nothing but a GET of /metrics is answered, and the API itself serves none', async () => {
    const at = address(api);
    expect((await fetch(at, { method: 'POST' })).status).toBe(405);
    expect((await fetch(at.replace('/metrics', '/v1/me'))).status).toBe(404);
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
  });
});

describe('traces', () => {
  const called = (name: string) => receiver.spans.filter((span) => span.name === name);
  const only = (name: string): ReceivedSpan => {
    const [span, ...more] = called(name);
    if (!span || more.length > 0) throw new Error(`${name}: ${1 + more.length} spans, or none`);
    return span;
  };
  const untilSent = (name: string) =>
    vi.waitUntil(() => called(name).length > 0, { timeout: 15_000, interval: 100 });

  test('one trace leads from the request over workflow and activities to the model call', async () => {
    // sabotage: workflows/lib/trace-interceptor.ts :: scheduleActivity: (input, next) => next(passOn(input)), => scheduleActivity: (input, next) => next(input),
    await untilSent('workflow triageRoom');
    const request = only('POST /v1/leads/{id}/triage');
    const trace = receiver.spans.filter(({ traceId }) => traceId === request.traceId);
    const parentOf = (span: ReceivedSpan) => trace.find(({ spanId }) => spanId === span.parentSpanId)?.name;
    expect(request).toMatchObject({ service: 'agos-api', parentSpanId: '' });
    for (const [name, parent, service] of [
      ['start triageRoom', 'POST /v1/leads/{id}/triage', 'agos-api'],
      ['workflow triageRoom', 'start triageRoom', 'agos-worker'],
      ['activity beginTriage', 'workflow triageRoom', 'agos-worker'],
      ['activity inspectPage', 'workflow triageRoom', 'agos-worker'],
      ['scan inspect', 'activity inspectPage', 'agos-worker'],
      ['scan measure', 'activity measurePage', 'agos-worker'],
      ['activity summariseAudit', 'workflow triageRoom', 'agos-worker'],
      ['model call triage-summary', 'activity summariseAudit', 'agos-worker'],
      ['activity finishTriage', 'workflow triageRoom', 'agos-worker'],
    ] as const) {
      const span = only(name);
      expect([name, span.traceId, parentOf(span), span.service]).toEqual([
        name,
        request.traceId,
        parent,
        service,
      ]);
    }
    const writes = trace.filter(({ name }) => name === 'database transaction');
    expect(new Set(writes.map(parentOf))).toContain('POST /v1/leads/{id}/triage');
    expect(new Set(writes.map(parentOf))).toContain('activity finishTriage');
    expect(writes.every(({ attributes }) => attributes['agos.tenant'] === stack.tenant.id)).toBe(true);
    // Polls of the kill switch are no spans: a scan of a minute would have 600.
    expect(trace.length).toBeLessThan(100);
    for (const span of trace) if (span !== request) expect(parentOf(span), span.name).toBeDefined();
  });

  test('a caller’s trace is a link and no parent, whatever it asks for', async () => {
    // sabotage: src/api/trace-requests.ts :: links }, ROOT_CONTEXT); => links }, from ? trace.setSpanContext(ROOT_CONTEXT, toSpanContext(from)) : ROOT_CONTEXT);
    const { headers } = stack.tenant.keys.operator;
    for (const traceparent of [
      `00-${STRANGER.traceId}-${STRANGER.spanId}-00`,
      'x'.repeat(4_000),
      '00-0-0-01',
    ]) {
      await fetch(`${url}/v1/me?mail=ada@stranger.example`, { headers: { ...headers, traceparent } });
    }
    await vi.waitUntil(() => called('GET /v1/me').length === 3, { timeout: 15_000, interval: 100 });
    expect(only('POST /v1/leads/{id}/triage').links).toEqual([STRANGER]);
    // Not to be recorded, it asked; what is no place is not linked.
    expect(called('GET /v1/me').map(({ links }) => links)).toEqual([[STRANGER], [], []]);
    expect(receiver.spans.filter(({ traceId }) => traceId === STRANGER.traceId)).toEqual([]);
    expect(new Set(called('GET /v1/me').map(({ traceId }) => traceId)).size).toBe(3);
  });

  test('work that Temporal was away for joins the trace of its request when the Schedule starts it', async () => {
    // sabotage: src/journal/runs/start-run.ts :: inTraceOf(run.traceparent, => inTraceOf(null,
    const away = stack.startApi({
      ...traced,
      OTEL_SERVICE_NAME: 'api-alone',
      TEMPORAL_ADDRESS: '127.0.0.1:1',
    });
    await away.serving;
    const late = await stack.lead({ ...lead.site, url: 'https://nobody.invalid/', host: 'nobody.invalid' });
    const at = `http://127.0.0.1:${said(away, 'API is serving').port}/v1/leads/${late.id}/triage`;
    const { headers } = stack.tenant.keys.operator;
    expect((await fetch(at, { method: 'POST', headers })).status).toBe(202);
    await stack.untilEnded(late);
    await vi.waitUntil(() => called('workflow triageRoom').length === 2, { timeout: 15_000, interval: 100 });
    const request = receiver.spans.find(
      ({ name, service }) => name.startsWith('POST') && service === 'api-alone',
    );
    const started = called('start triageRoom').find(
      ({ traceId, service }) => traceId === request?.traceId && service === 'agos-worker',
    );
    expect(started?.parentSpanId).toBe(request?.spanId);
    const workflow = called('workflow triageRoom').find(({ traceId }) => traceId === request?.traceId);
    expect(workflow?.parentSpanId).toBe(started?.spanId);
  });

  test('no span tells an address, a page, a prompt, a secret or what a caller made up', async () => {
    const { key } = stack.tenant.keys.operator;
    // Libraries that could trace themselves, such as the model's client, do not.
    expect(receiver.spans.map(({ name }) => name).filter((name) => name.includes('anthropic'))).toEqual([]);
    for (const { text, name } of receiver.spans) {
      for (const secret of [
        key,
        lead.site.host,
        'evil-',
        'stranger.example',
        '://',
        'sound',
        'sk-ant',
        'Fault',
      ]) {
        expect(text, name).not.toContain(secret);
      }
    }
  });
});
