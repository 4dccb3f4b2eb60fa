import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import {
  insertAlert,
  insertBatch,
  insertLead,
  insertRun,
  insertWebhookEndpoint,
} from '../../../tests/support/rows.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import { systemScope } from '../../kernel/actor.ts';
import { insertLead as addLead } from '../../leads/leads/repository.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { newId } from '../../runtime/ids.ts';
import { eventHead, readEvents } from './repository.ts';
import { EVENT_TYPES } from './rules.ts';

let database: TestDatabase;
let tenant: TestTenant;
beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTenant(database);
});
afterAll(() => database.close());

const owner = () => ({ tenant: tenant.id, createdBy: tenant.keys.owner.id });
const read = (after: number, scope = tenant.scope) =>
  database.db.withTenant(scope, (tx) => readEvents(tx, scope.tenant, {}, { after, limit: 1000 }));
const head = () => database.db.withTenant(tenant.scope, eventHead);

async function addOne(tx: Tx, createdBy = tenant.keys.owner.id): Promise<string> {
  const id = newId();
  const domain = `${id}.example`;
  const lead = { tenantId: tenant.id, id, url: `https://${domain}/`, domain, source: 'api' as const };
  await addLead(tx, { ...lead, createdBy });
  return id;
}

/** A transaction that waits with its commit until it is told. */
function held(work: (tx: Tx) => Promise<string>) {
  const done = Promise.withResolvers<string>();
  const go = Promise.withResolvers<void>();
  const committed = database.db.withTenant(tenant.scope, async (tx) => {
    done.resolve(await work(tx));
    await go.promise;
  });
  return {
    written: done.promise,
    commit: () => {
      go.resolve();
      return committed;
    },
  };
}

// sabotage: migrations/0010_events_of_every_change.sql :: AFTER INSERT ON leads DEFERRABLE INITIALLY DEFERRED => AFTER INSERT ON leads NOT DEFERRABLE
test('who commits later comes later, whoever wrote first: no cursor skips it', async () => {
  const start = await head();
  const slow = held((tx) => addOne(tx));
  const slowId = await slow.written;
  // It begins and ends while the first one is still open: neither waits for the other.
  const quickId = await database.db.withTenant(tenant.scope, (tx) => addOne(tx));
  const first = await read(start);
  expect(first.rows.map(({ leadId }) => leadId)).toEqual([quickId]);
  await slow.commit();
  const second = await read(first.reached);
  expect(second.rows.map(({ leadId }) => leadId)).toEqual([slowId]);
  expect(second.rows[0]!.seq).toBe(first.reached + 1);
}, 20_000);

// sabotage: migrations/0010_events_of_every_change.sql :: PERFORM pg_advisory_xact_lock(7240612, hashtext(of_tenant::text)); =>
test('writers that commit at once get numbers without gap, and a reader sees none before the one below it', async () => {
  const start = await head();
  const writers = Array.from({ length: 8 }, async () => {
    for (let n = 0; n < 25; n += 1) await database.db.withTenant(tenant.scope, (tx) => addOne(tx));
  });
  const seen: number[] = [];
  let finished = false;
  const all = Promise.all(writers).then(() => {
    finished = true;
  });
  for (let cursor = start; ; ) {
    const last = finished;
    const page = await read(cursor);
    seen.push(...page.rows.map(({ seq }) => seq));
    cursor = page.reached;
    if (last) break;
  }
  await all;
  expect(seen).toEqual(Array.from({ length: 200 }, (_, index) => start + 1 + index));
});

test('a transaction that fails leaves no event and no gap', async () => {
  const start = await head();
  const failed = database.db.withTenant(tenant.scope, async (tx) => {
    await addOne(tx);
    throw new Error('no');
  });
  await expect(failed).rejects.toThrow('no');
  await database.db.withTenant(tenant.scope, (tx) => addOne(tx));
  expect((await read(start)).rows.map(({ seq }) => seq)).toEqual([start + 1]);
});

// sabotage: migrations/0010_events_of_every_change.sql :: GRANT SELECT ON events TO agos_app; => GRANT ALL ON events TO agos_app;
test('the runtime role can neither write, change nor remove an event, nor call what writes them', async () => {
  const app = postgres(database.info.url, { max: 1, onnotice: () => {} });
  const attempts = [
    `update events set type = 'x'`,
    `delete from events`,
    `truncate events`,
    `insert into events select * from events`,
    `select agos_append_event('${tenant.id}', 'lead.created', '${newId()}', '{}', '{}')`,
  ];
  for (const attempt of attempts)
    await expect(app.unsafe(attempt), attempt).rejects.toThrow(/permission denied/);
  await app.end();
});

test('who acted and for whom stands in the event: the person, or the system for the principal', async () => {
  const start = await head();
  await database.db.withTenant(tenant.members.editor.scope, (tx) => addOne(tx, tenant.members.editor.id));
  await database.db.withTenant(systemScope(tenant.id, tenant.keys.operator.id), (tx) => addOne(tx));
  const { rows } = await read(start);
  expect(rows.map(({ actorKind, actorId }) => [actorKind, actorId])).toEqual([
    ['member', tenant.members.editor.id],
    ['system', tenant.keys.operator.id],
  ]);
});

// sabotage: src/control/events/repository.ts :: reached: more ? rows[rows.length - 1]!.seq : head, => reached: rows.at(-1)?.seq ?? from.after,
test('an editor sees the events of own and assigned leads, and reads past all others', async () => {
  const start = await head();
  const { editor } = tenant.members;
  const own = await insertLead(database, { tenant: tenant.id, createdBy: editor.id });
  const assigned = await insertLead(database, { ...owner(), assignedTo: editor.id });
  await insertRun(database, owner(), { leadId: assigned });
  const foreign = await insertLead(database, owner());
  await insertBatch(database, owner());
  const page = await read(start, editor.scope);
  expect(page.rows.map(({ type, leadId }) => [type, leadId])).toEqual([
    ['lead.created', own],
    ['lead.created', assigned],
    ['run.requested', assigned],
  ]);
  expect(page.reached).toBe(await head());
  await database.admin`update leads set assigned_to = null where id = ${assigned}`;
  await database.admin`update leads set assigned_to = ${editor.id} where id = ${foreign}`;
  const later = await read(start, editor.scope);
  expect(later.rows.map(({ leadId }) => leadId)).not.toContain(assigned);
  expect(later.rows.map(({ leadId }) => leadId)).toContain(foreign);
});

test("no event of another tenant is seen, and tenants' numbers know nothing of each other", async () => {
  const stranger = await createTenant(database);
  await insertLead(database, { tenant: stranger.id, createdBy: stranger.keys.owner.id });
  const page = await read(0, stranger.scope);
  expect(page.rows.map(({ tenantId, seq }) => [tenantId, seq])).toEqual([[stranger.id, 1]]);
});

test('every change of a status has its event, and a write that changes nothing has none', async () => {
  const start = await head();
  const { admin } = database;
  const lead = await insertLead(database, owner());
  const run = await insertRun(database, owner(), { leadId: lead });
  const set = (table: string, id: string, change: Record<string, unknown>) =>
    admin`update ${admin(table)} set ${admin(change as never)} where id = ${id}`;
  for (const status of ['started', 'running', 'running']) await set('runs', run, { status });
  await set('runs', run, { cancel_requested_at: new Date() });
  for (const status of ['completed', 'failed', 'cancelled']) {
    await set('runs', run, { status, ended_at: new Date() });
  }
  await set('leads', lead, { status: 'scanning', current_run_id: run });
  await set('leads', lead, { hold_code: 'cancelled', hold_message: 'x', hold_since: new Date() });
  await set('leads', lead, { company_name: 'A', notes: 'B' });
  await set('leads', lead, { company_name: 'A' });
  await set('leads', lead, { deleted_at: new Date() });

  const audit = newId();
  const row = { tenant_id: tenant.id, created_by: tenant.keys.owner.id };
  const versions = { playbook_slug: 'p', playbook_version: '1', agent_slug: 'a', agent_version: '1' };
  await admin`insert into audits ${admin({ ...row, ...versions, id: audit, run_id: run, url: 'https://x.example/' })}`;
  await set('audits', audit, { facts: admin.json({ fetch: { body: 'text of a page' } }) });
  await set('audits', audit, { facts: admin.json({ fetch: { body: 'again' } }) });
  for (const status of ['awaiting', 'completed', 'held']) await set('audits', audit, { status });

  const agentRun = newId();
  const ofRun = { ...row, run_id: run, room: 'triage', trigger: 'api', input: admin.json({}) as never };
  const agent = { agent_slug: 'a', agent_version: '1' };
  await admin`insert into agent_runs ${admin({ ...ofRun, ...agent, id: agentRun, audit_id: audit })}`;
  for (const status of ['completed', 'failed', 'cancelled']) await set('agent_runs', agentRun, { status });
  await set('agent_runs', agentRun, { input_tokens: 5 });
  for (const tokens of [7, 0]) {
    const call = { skill: 's', generated_by: 'm', request: admin.json('a prompt') as never, duration_ms: 1 };
    await admin`insert into model_calls ${admin({ ...row, ...call, id: newId(), agent_run_id: agentRun, input_tokens: tokens })}`;
  }
  const entry = newId();
  const reserved = {
    key: entry,
    kind: 'scan',
    day: '2026-11-02',
    reserved_micro_usd: 9,
    expires_at: new Date(),
  };
  await admin`insert into spend_entries ${admin({ ...row, ...reserved, id: entry, audit_id: audit })}`;
  await set('spend_entries', entry, { state: 'settled', spent_micro_usd: 4, ended_at: new Date() });

  const approval = newId();
  await admin`insert into approvals ${admin({
    ...row,
    id: approval,
    kind: 'triage_score',
    run_id: run,
    workflow_id: 'w',
    arguments: admin.json({}) as never,
    arguments_digest: 'd',
    policy_version: 'p',
    decidable_by: ['owner'],
    default_outcome: 'qualified',
    expires_at: new Date(),
  })}`;
  for (const status of ['decided', 'expired', 'withdrawn']) await set('approvals', approval, { status });

  const batch = await insertBatch(database, owner());
  await admin`insert into batch_items ${admin({
    tenant_id: tenant.id,
    batch_id: batch,
    line: 2,
    lead_id: lead,
    outcome: 'created',
    state: 'pending',
  })}`;
  for (const status of ['processing', 'completed', 'failed', 'cancelled']) {
    await set('lead_batches', batch, { status });
  }
  await admin`update batch_items set state = 'qualified' where batch_id = ${batch}`;
  const endpoint = await insertWebhookEndpoint(database, owner());
  const disabled = { status: 'disabled', disabled_reason: 'gone', disabled_at: new Date() };
  await set('webhook_endpoints', endpoint, disabled);
  await set('webhook_endpoints', endpoint, { description: 'changed afterwards' });

  const alert = await insertAlert(database, owner());
  const [at, by] = [new Date(), 'somebody'];
  await set('alerts', alert, { status: 'acknowledged', acknowledged_at: at, acknowledged_by: by });
  await set('alerts', alert, { count: 2 });
  await set('alerts', alert, { status: 'resolved', resolved_at: at, resolution: 'cause_gone' });

  const { rows } = await read(start);
  const types = rows.map(({ type }) => type);
  expect([...types].sort()).toEqual([...EVENT_TYPES].sort());
  expect(JSON.stringify(rows)).not.toMatch(/text of a page|a prompt/);
  const of = (type: string) => rows.find((one) => one.type === type);
  expect(of('lead.status_changed')).toMatchObject({
    leadId: lead,
    runId: run,
    data: { from: 'new', to: 'scanning', day: expect.any(String), stayed_ms: expect.any(Number) },
  });
  expect(of('lead.updated')).toMatchObject({ data: { fields: ['company_name', 'notes'] } });
  expect(of('run.requested')).toMatchObject({ leadId: lead, runId: run, data: { kind: 'triage-room' } });
  expect(of('audit.progressed')).toMatchObject({ auditId: audit, runId: run, data: { step: 'fetch' } });
  const started = { agent_run: agentRun, agent: 'a', version: '1', room: 'triage', day: expect.any(String) };
  expect(of('agent_run.started')).toMatchObject({ auditId: audit, data: started });
  expect(of('model_call.answered')!.data).toMatchObject({ agent_run: agentRun, input_tokens: 7 });
  expect(of('spend.settled')!.data).toEqual({ kind: 'scan', micro_usd: 4, day: '2026-11-02' });
  expect(of('batch.line_settled')).toMatchObject({ batchId: batch, data: { line: 2, state: 'qualified' } });
});
