import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestApp, type TestApp } from '../../../tests/support/app.ts';
import { insertAgentRun, insertLead } from '../../../tests/support/rows.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import type { Role } from '../../kernel/actor.ts';
import { newId } from '../../runtime/ids.ts';
import { recordToolCall } from './repository.ts';

let app: TestApp;
let tenant: TestTenant;
beforeAll(async () => {
  app = await createTestApp();
  tenant = await createTenant(app.database);
});
afterAll(() => app.close());

const owner = () => ({ tenant: tenant.id, createdBy: tenant.keys.owner.id });
const get = (path: string, role: Role = 'owner', of = tenant) =>
  app.request('GET', path, { headers: of.keys[role].headers });
const idsOf = async (path: string, role: Role = 'owner') =>
  (await get(path, role)).body.data.map(({ id }: { id: string }) => id);

test('an execution shows what went in and out, its tools in their order, and what its model was asked', async () => {
  const id = await insertAgentRun(app.database, owner());
  const crash = { name: 'browser', duration_ms: 900, success: false, error: 'browser_crashed' };
  await app.database.db.withTenant(tenant.scope, (tx) => recordToolCall(tx, tenant.id, id, crash));
  const { status, body } = await get(`/v1/agent-runs/${id}`);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    agent: { slug: 'triage', version: '1.0.0' },
    playbook: null,
    status: 'completed',
    input: { url: 'https://audited.example/' },
    output: { score: 40 },
    tools_called: [{ name: 'fetch', duration_ms: 120, success: true, error: null }, crash],
    model_calls: [
      { skill: 'triage-summary', generated_by: 'offline', response: { summary: 'It is slow.' }, error: null },
    ],
  });
});

test('the list is filtered by agent, status and lead, newest first, and says nothing of input and output', async () => {
  const lead = await insertLead(app.database, owner());
  const at = (minute: number) => ({ lead_id: lead, started_at: `2026-11-01T10:0${minute}:00Z` });
  const first = await insertAgentRun(app.database, owner(), at(1));
  const failed = await insertAgentRun(app.database, owner(), { ...at(2), status: 'failed' });
  const other = await insertAgentRun(app.database, owner(), { ...at(3), agent_slug: 'architect' });
  const of = `/v1/agent-runs?lead_id=${lead}`;
  expect(await idsOf(of)).toEqual([other, failed, first]);
  expect(await idsOf(`${of}&status=failed`)).toEqual([failed]);
  expect(await idsOf(`${of}&agent=triage`)).toEqual([failed, first]);
  const page = await get(`${of}&limit=2`);
  expect(await idsOf(`${of}&limit=2&cursor=${page.body.next_cursor}`)).toEqual([first]);
  expect(Object.keys(page.body.data[0])).not.toContain('input');
});

test('an editor sees the executions of own leads, with their model calls', async () => {
  const lead = await insertLead(app.database, { ...owner(), createdBy: tenant.keys.editor.id });
  const theirs = await insertAgentRun(app.database, owner(), { lead_id: lead });
  const notTheirs = await insertAgentRun(app.database, owner(), {
    lead_id: await insertLead(app.database, owner()),
  });
  expect(await idsOf('/v1/agent-runs', 'editor')).toEqual([theirs]);
  expect((await get(`/v1/agent-runs/${theirs}`, 'editor')).body.model_calls).toHaveLength(1);
  expect((await get(`/v1/agent-runs/${notTheirs}`, 'editor')).status).toBe(404);
  expect((await get(`/v1/agent-runs/${newId()}`)).status).toBe(404);
});
