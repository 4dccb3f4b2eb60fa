import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { TestResponse } from '../support/app.ts';
import { startTriageRoom, type TriageRoom } from '../support/triage-room.ts';

const AT_ONCE = 50;

let room: TriageRoom;
beforeAll(async () => {
  room = await startTriageRoom();
});
afterAll(() => room?.close());

// Row 19: same POST + key 50x at once: 1 workflow; others same body or 409 in progress.
// Without a lead nothing but the key keeps the requests apart: each would be a workflow of its own.
test('the same audit asked for 50 times at once with one key starts one workflow', async () => {
  // sabotage: src/api/kit/idempotency.ts :: if (route.method !== 'post' || key === null) return null; => if (key !== undefined) return null;
  const host = 'fifty.example';
  room.scanner.serve(host, 'hartleys-plumbing');
  const made = await fifty('/v1/audits', { url: `https://${host}/` }, 202);
  await room.client.workflow.getHandle(made.body.workflow_id).result();
  expect(await workflowsOf(`audit:${room.tenant.id}:`)).toEqual([made.body.workflow_id]);
  expect(room.scanner.callsOf(host)).toHaveLength(4);
  const [{ count }] = (await room.app.database
    .admin`select count(*)::int from runs where target = ${`https://${host}/`}`) as unknown as [
    { count: number },
  ];
  expect(count).toBe(1);
});

test('the same triage asked for 50 times at once starts one workflow, with a key and without', async () => {
  // sabotage: src/triage/triage-room/begin-triage.ts :: import { lockLead } from => import { findLead as lockLead } from
  for (const key of ['fifty', null]) {
    const lead = await room.lead('hartleys-plumbing');
    await fifty(`/v1/leads/${lead.id}/triage`, undefined, 202, key);
    await room.handle(lead).result();
    expect(await workflowsOf(lead.workflowId)).toEqual([lead.workflowId]);
    expect(room.scanner.callsOf(lead.host)).toHaveLength(4);
  }
});

/** Sends one request many times at once; all that were carried out must have the same answer. */
async function fifty(
  path: string,
  json: unknown,
  status: number,
  key: string | null = 'fifty',
): Promise<TestResponse> {
  const headers = { ...room.tenant.keys.operator.headers, ...(key && { 'idempotency-key': key }) };
  const post = () => room.app.request('POST', path, { headers, ...(json !== undefined && { json }) });
  const answers = await Promise.all(Array.from({ length: AT_ONCE }, post));
  const made = answers.filter((answer) => answer.status === status);
  const inProgress = answers.filter((answer) => answer.status === 409);
  expect(made.length).toBeGreaterThan(0);
  expect(made.length + inProgress.length).toBe(AT_ONCE);
  expect(new Set(made.map(({ body }) => body.id)).size).toBe(1);
  if (key) expect(new Set(made.map(({ text }) => text)).size).toBe(1);
  for (const { body, headers: answered } of inProgress) {
    expect(body.error).toBe('idempotency_key_in_progress');
    expect(Number(answered.get('retry-after'))).toBeGreaterThan(0);
  }
  return made[0]!;
}

/** Ids of the workflows that the server knows under this prefix, one for each of their runs. */
async function workflowsOf(prefix: string): Promise<string[]> {
  const found: string[] = [];
  await vi.waitUntil(
    async () => {
      found.length = 0;
      const listed = room.client.workflow.list({ query: `WorkflowId STARTS_WITH "${prefix}"` });
      for await (const { workflowId } of listed) found.push(workflowId);
      return found.length > 0;
    },
    { timeout: 10_000 },
  );
  return found;
}
