import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FaultLead, type FaultStack, startFaultStack } from './support/stack.ts';

const DOWN_MS = 10_000;
/** What the product promises: work begins within one sweep of the server's return. */
const ONE_SWEEP_MS = 10_000;
const ANSWER_WITHIN_MS = 2_000;

let stack: FaultStack;
beforeAll(async () => {
  stack = await startFaultStack();
  await stack.startWorker().serving;
});
afterAll(() => stack?.close());

// Row 7: Temporal server SIGKILL and restart.
test('a Temporal server killed and restarted: reads go on, work is taken, what is live says 503, all runs finish', async () => {
  // sabotage: temporal/call.ts :: throw isUnavailable(error) ? unavailable() : error; => throw error;
  // sabotage: temporal/call.ts :: retryAfterSeconds: 5, =>
  // sabotage: temporal/schedules.ts :: sweepEveryMs: 5_000, => sweepEveryMs: 3_600_000,
  const { headers } = stack.tenant.keys.operator;
  const get = (path: string) => stack.app.request('GET', path, { headers });
  const slow = stack.sites.add();
  slow.before = (nth) => (nth === 1 ? sleep(3_000) : undefined);
  const running = await stack.lead(slow);
  const runId = (await stack.triage(running)).body.id as string;
  const unwanted = await stack.lead(stack.sites.add());
  const unwantedId = (await stack.triage(unwanted)).body.id as string;
  await expect.poll(() => slow.pageRequests, { timeout: 20_000 }).toBe(1);
  await expect.poll(async () => (await stack.state(unwanted)).run.status).toBe('running');

  await stack.server.kill();
  const downAt = Date.now();

  const asked = await Promise.all([1, 2].map(() => stack.lead(stack.sites.add())));
  const started = await Promise.all(asked.map((lead) => timed(() => stack.triage(lead))));
  for (const { answer, tookMs } of started) {
    expect(answer.status).toBe(202);
    expect(tookMs).toBeLessThan(ANSWER_WITHIN_MS);
    expect(answer.headers.get('location')).toBe(`/v1/runs/${answer.body.id}`);
    expect(answer.body.status).toBe('requested');
  }
  const reads = ['/v1/leads', '/v1/runs', `/v1/leads/${running.id}`, `/v1/runs/${runId}`, '/v1/playbooks'];
  for (const path of reads) expect((await get(path)).status).toBe(200);
  expect((await get(`/v1/runs/${runId}`)).body.status).toBe('running');

  const live = [
    () => get(`/v1/leads/${running.id}/progress`),
    () => stack.app.request('POST', `/v1/runs/${unwantedId}/cancel`, { headers, json: {} }),
    () =>
      stack.app.request('POST', `/v1/leads/${running.id}/decision`, {
        headers,
        json: { outcome: 'qualified' },
      }),
  ];
  await markAwaiting(running);
  for (const call of live) {
    const { answer, tookMs } = await timed(call);
    expect([answer.status, answer.body.error]).toEqual([503, 'temporal_unavailable']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(tookMs).toBeLessThan(ANSWER_WITHIN_MS);
  }
  await unmarkAwaiting(running);

  await sleep(Math.max(0, downAt + DOWN_MS - Date.now()));
  await stack.server.restart();
  const backAt = Date.now();
  const begun = await Promise.all(asked.map((lead) => untilBegun(lead, backAt)));
  console.log(`begun ${begun.join(' and ')} ms after the server's return`);
  for (const tookMs of begun) expect(tookMs).toBeLessThan(ONE_SWEEP_MS);
  for (const lead of [running, ...asked]) {
    const state = await stack.untilEnded(lead);
    expect(['qualified', 'disqualified']).toContain(state.lead.status);
    expect(state.run).toMatchObject({ status: 'completed', end_code: null });
  }
  // What was asked to be cancelled meanwhile is.
  expect((await stack.untilEnded(unwanted)).run).toMatchObject({
    status: 'cancelled',
    end_code: 'cancelled',
  });
}, 180_000);

async function timed<T>(work: () => Promise<T>): Promise<{ answer: T; tookMs: number }> {
  const startedAt = performance.now();
  const answer = await work();
  return { answer, tookMs: performance.now() - startedAt };
}

async function untilBegun(lead: FaultLead, sinceMs: number): Promise<number> {
  await expect
    .poll(async () => (await stack.state(lead)).run.status, { timeout: 60_000, interval: 50 })
    .not.toBe('requested');
  await expect
    .poll(async () => (await stack.state(lead)).run.claimed_at, { timeout: 60_000, interval: 50 })
    .not.toBeNull();
  return Date.now() - sinceMs;
}

/** As the database looks when the server goes down under a lead that waits for a person. */
async function markAwaiting({ id, workflowId }: FaultLead): Promise<void> {
  const { admin } = stack.app.database;
  const { run } = await stack.state({ id } as FaultLead);
  const approval = run.id as string;
  await admin`insert into approvals ${admin({
    tenant_id: stack.tenant.id,
    id: approval,
    kind: 'triage_score',
    run_id: approval,
    workflow_id: workflowId,
    lead_id: id,
    arguments: admin.json({ score: 50 }) as never,
    arguments_digest: 'digest',
    policy_version: 'test@1.0.0',
    decidable_by: ['operator'],
    default_outcome: 'qualified',
    expires_at: new Date(Date.now() + 60_000),
    created_by: stack.tenant.keys.owner.id,
  })}`;
  const awaiting = { decision: 'triage_score', approval_id: approval, until: new Date().toISOString() };
  await admin`update leads set awaiting = ${admin.json(awaiting)} where id = ${id}`;
}

async function unmarkAwaiting({ id }: FaultLead): Promise<void> {
  const { admin } = stack.app.database;
  await admin`update leads set awaiting = null where id = ${id}`;
  await admin`delete from approvals where lead_id = ${id}`;
}
