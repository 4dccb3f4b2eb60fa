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

const ROOT = join(import.meta.dirname, '../..');
const SUMMARY = 'The site is sound: its pages answer, and whoever wants to call finds a number at once.';

const model = new LLMock({ port: 0 });
let stack: FaultStack;
let api: FaultProcess;
let worker: FaultProcess;
let url: string;
let lead: FaultLead;

beforeAll(async () => {
  await model.start();
  const usage = { input_tokens: 1_000, output_tokens: 100 };
  model.addFixture({ match: {}, response: { content: JSON.stringify({ text: SUMMARY }), usage } });
  stack = await startFaultStack();
  const watched = { ANTHROPIC_API_KEY: 'sk-ant-test-key-of-a-test', ANTHROPIC_BASE_URL: model.url };
  worker = stack.startWorker({ ...watched, AGOS_WORKER_METRICS_ADDRESS: '127.0.0.1:0' });
  api = stack.startApi({ AGOS_API_METRICS_ADDRESS: '127.0.0.1:0' });
  await Promise.all([api.serving, worker.serving]);
  url = `http://127.0.0.1:${said(api, 'API is serving').port}`;
  lead = await stack.lead(stack.sites.add());
  await fetch(`${url}/v1/nowhere/${stack.tenant.id}?key=secret`);
  const { headers } = stack.tenant.keys.operator;
  const asked = await fetch(`${url}/v1/leads/${lead.id}/triage`, { method: 'POST', headers });
  expect(asked.status).toBe(202);
  const ended = await stack.untilEnded(lead);
  expect(ended.run).toMatchObject({ status: 'completed', end_code: null });
});
afterAll(async () => {
  await stack?.close();
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
