import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createTestApp, type TestApp } from '../../../tests/support/app.ts';
import { insertLead, insertRun } from '../../../tests/support/rows.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import { systemScope } from '../../kernel/actor.ts';
import { newId } from '../../runtime/ids.ts';
import { insertKillSwitch } from './repository.ts';
import { createStepGate } from './step-gate.ts';
import { createStopFile } from './stop-file.ts';

let app: TestApp;
let tenant: TestTenant;
let other: TestTenant;
beforeAll(async () => {
  app = await createTestApp();
  tenant = await createTenant(app.database);
  other = await createTenant(app.database);
});
afterAll(() => app.close());
afterEach(async () => {
  const { admin } = app.database;
  await admin`update kill_switches set turned_off_at = now(), turned_off_by = turned_on_by
    where turned_off_at is null`;
  await admin`update global_kill_switches set turned_off_at = now(), turned_off_by = 'a test'
    where turned_off_at is null`;
  rmSync(join(app.assetsDir, 'stop'), { force: true });
});

const post = (
  who: TestTenant,
  path: string,
  json: unknown = undefined,
  role: 'operator' | 'admin' = 'admin',
) => app.request('POST', path, { headers: who.keys[role].headers, ...(json !== undefined && { json }) });
const get = (path: string, who = tenant) => app.request('GET', path, { headers: who.keys.analyst.headers });
const turnOn = (who = tenant) => post(who, '/v1/kill-switches', { reason: 'We mailed the wrong list.' });
const turnOff = (who = tenant) => post(who, '/v1/kill-switches/off', { reason: 'Found the fault.' });

const ownerOf = (who: TestTenant) => ({ tenant: who.id, createdBy: who.keys.owner.id });
async function triageOfNewLead(who = tenant) {
  return post(who, `/v1/leads/${await insertLead(app.database, ownerOf(who))}/triage`);
}

/** A step of a run as a worker writes it; `endedMs` counts from now. */
async function insertStep(endedMs: number | null, outcome: string | null = null, worker = 'machine:7') {
  const lead = await insertLead(app.database, ownerOf(tenant));
  const run = await insertRun(app.database, ownerOf(tenant), { leadId: lead });
  const id = newId();
  const { admin } = app.database;
  await admin`insert into run_steps (tenant_id, id, run_id, lead_id, step, worker, created_by, started_at, ended_at, outcome)
    values (${tenant.id}, ${id}, ${run}, ${lead}, 'fetch_site', ${worker}, ${tenant.keys.owner.id},
      clock_timestamp() - interval '5 minutes',
      clock_timestamp() + ${endedMs}::int * interval '1 millisecond', ${outcome})`;
  return { id, run, lead };
}

// sabotage: src/control/admission/admit-work.ts :: await refuseWhileStopped(tx, scope.tenant); =>
test('while it is on no scan can be asked for in any way, and the refusal says why and since when', async () => {
  const on = await turnOn();
  expect(on.status, on.text).toBe(201);
  const refused = [
    await triageOfNewLead(),
    await post(tenant, '/v1/audits', { url: 'https://acme.example/' }),
    await post(tenant, '/v1/leads', { url: 'https://new-one.example/', triage: true }),
  ];
  for (const answer of refused) {
    expect([answer.status, answer.body.error]).toEqual([503, 'kill_switch_on']);
    expect(answer.body.message).toContain('We mailed the wrong list.');
    expect(answer.body.details).toMatchObject({
      reach: 'tenant',
      reason: 'We mailed the wrong list.',
      since: on.body.kill_switch.turned_on_at,
    });
  }
  const [row] = await app.database.admin`select count(*)::int as n from runs where tenant_id = ${tenant.id}`;
  expect(row?.n, 'nothing is left behind that a sweep could start').toBe(0);
  expect((await post(tenant, '/v1/leads', { url: 'https://new-one.example/' })).status).toBe(201);
});

test("a tenant's switch leaves every other tenant alone", async () => {
  await turnOn();
  expect((await triageOfNewLead(other)).status).toBe(202);
  expect((await get('/v1/kill-switch', other)).body).toEqual({ on: false, stops: [], tenant: null });
});

test('once it is off, scans can be asked for again', async () => {
  await turnOn();
  const off = await turnOff();
  expect([off.status, off.body]).toEqual([200, { on: false, stops: [], tenant: null }]);
  expect((await triageOfNewLead()).status).toBe(202);
});

// sabotage: src/control/kill-switch/repository.ts :: unionAll(own, everybodys).limit(1) => own.limit(1)
test('the global switch stops every tenant, and a tenant that turns its own off stays stopped', async () => {
  await app.database.admin`insert into global_kill_switches (id, reason, turned_on_by)
    values (${newId()}, 'Everything is on fire.', 'ops')`;
  for (const who of [tenant, other]) {
    const answer = await triageOfNewLead(who);
    expect([answer.status, answer.body.details.reach]).toEqual([503, 'global']);
  }
  await turnOn();
  expect((await turnOff()).body).toMatchObject({ on: true, stops: [{ reach: 'global' }], tenant: null });
  expect((await triageOfNewLead()).status).toBe(503);
});

// sabotage: src/control/kill-switch/refuse-stopped.ts :: if (standing) throw stoppedError(standing); =>
// sabotage: src/control/kill-switch/stop-file.ts :: if (ABSENT.has(String((error as NodeJS.ErrnoException).code))) return null; => return null;
test.each([
  ['written by the command', '{"reason":"No database."}', 'No database.'],
  ['made by hand', '', 'no reason was written down.'],
  ['that is no file at all', null, 'cannot be read'],
])('the stop file of the machine refuses scans: one %s', async (_name, content, reason) => {
  const path = join(app.assetsDir, 'stop');
  if (content === null) mkdirSync(path);
  else writeFileSync(path, content);
  const answer = await triageOfNewLead();
  expect([answer.status, answer.body.error, answer.body.details.reach]).toEqual([
    503,
    'kill_switch_on',
    'machine',
  ]);
  expect(answer.body.message).toContain(reason);
  expect((await get('/v1/kill-switch')).body.stops).toMatchObject([{ reach: 'machine' }]);
  rmSync(path, { recursive: true });
  expect((await triageOfNewLead()).status).toBe(202);
});

test('turning it on twice keeps the first reason, and says so', async () => {
  const first = await turnOn();
  expect(first.headers.get('location')).toBe(`/v1/kill-switches/${first.body.kill_switch.id}`);
  const second = await post(tenant, '/v1/kill-switches', { reason: 'Me too.' });
  expect(second.status).toBe(200);
  expect(second.body.kill_switch).toEqual(first.body.kill_switch);
});

// sabotage: src/control/kill-switch/repository.ts :: tries < MOST_TRIES => tries < 1
test('whoever asks for a stop gets one, also while somebody else lets go', async () => {
  const { admin, db } = app.database;
  let done = false;
  const lettingGo = (async () => {
    while (!done) {
      await admin`update kill_switches set turned_off_at = now(), turned_off_by = turned_on_by
        where tenant_id = ${tenant.id} and turned_off_at is null`;
    }
  })();
  const row = { tenantId: tenant.id, reason: 'Again and again.', turnedOnBy: tenant.keys.owner.id };
  const ask = () =>
    db.withTenant(systemScope(tenant.id, tenant.keys.owner.id), (tx) => insertKillSwitch(tx, row));
  try {
    for (let round = 0; round < 150; round += 1) {
      for (const { row: on } of await Promise.all([ask(), ask(), ask()])) expect(on.tenantId).toBe(tenant.id);
    }
  } finally {
    done = true;
    await lettingGo;
  }
});

test('who stops and who lets go is in the history and in the audit log, and neither can be rewritten', async () => {
  const on = await post(tenant, '/v1/kill-switches', { reason: 'Stop.' }, 'operator');
  expect((await post(tenant, '/v1/kill-switches/off', {}, 'operator')).status).toBe(403);
  await turnOff();
  const { data } = (await get('/v1/kill-switches')).body;
  expect(data[0]).toMatchObject({
    id: on.body.kill_switch.id,
    on: false,
    reason: 'Stop.',
    turned_on_by: tenant.keys.operator.id,
    turned_off_by: tenant.keys.admin.id,
    turned_off_reason: 'Found the fault.',
  });
  const log = await app.database.admin`select action, actor_id from audit_log
    where resource_type = 'kill_switch' and resource_id = ${on.body.kill_switch.id} order by at`;
  expect([...log]).toEqual([
    { action: 'kill_switch.turned_on', actor_id: tenant.keys.operator.id },
    { action: 'kill_switch.turned_off', actor_id: tenant.keys.admin.id },
  ]);
  for (const rewrite of [
    `update kill_switches set reason = 'Nothing happened.'`,
    `update audit_log set action = 'kill_switch.read'`,
    'delete from audit_log',
  ]) {
    const tried = app.database.db.withTenant(tenant.keys.owner.scope, (tx) => tx.execute(rewrite));
    await expect(tried, rewrite).rejects.toMatchObject({
      cause: { message: expect.stringMatching(/permission denied/) },
    });
  }
});

// sabotage: src/control/kill-switch/receipt.ts :: return endedAt !== null && outcome !== 'lost'; => return endedAt !== null;
// sabotage: src/control/kill-switch/run-steps.ts :: isNull(runSteps.endedAt), gt(runSteps.endedAt, from) => isNull(runSteps.endedAt)
test('the receipt tells what was at work, what stopped, what did not answer and what had already happened', async () => {
  const earlier = await insertStep(-10_000, 'done');
  const longAgo = await insertStep(-120_000, 'done');
  const soon = await insertStep(300, 'stopped');
  const lost = await insertStep(400, 'lost', 'gone:1');
  const silent = await insertStep(null, null, 'cut-off:2');
  const startedAt = performance.now();
  const on = await turnOn();
  expect(performance.now() - startedAt, 'it waits for the silent one, and not for long').toBeLessThan(6_000);
  const runsOf = (steps: { run_id: string }[]) => steps.map(({ run_id }) => run_id).sort();
  expect(on.body.complete).toBe(false);
  expect(runsOf(on.body.running)).toEqual([soon.run, lost.run, silent.run].sort());
  expect(runsOf(on.body.acknowledged)).toEqual([soon.run]);
  expect(on.body.not_stopped.map(({ worker }: { worker: string }) => worker).sort()).toEqual([
    'cut-off:2',
    'gone:1',
  ]);
  expect(runsOf(on.body.already_happened.steps.latest)).toEqual([earlier.run]);
  const path = `/v1/kill-switches/${on.body.kill_switch.id}`;
  const since = new Date(Date.now() - 600_000).toISOString();
  const wider = (await get(`${path}?since=${encodeURIComponent(since)}`)).body;
  expect(runsOf(wider.already_happened.steps.latest)).toEqual([earlier.run, longAgo.run].sort());

  // The two that did not answer do after all.
  await app.database.admin`update run_steps set ended_at = clock_timestamp(), outcome = 'stopped'
    where id in (${lost.id}, ${silent.id})`;
  const later = await get(path);
  expect(later.body).toMatchObject({ complete: true, not_stopped: [] });
  expect(runsOf(later.body.acknowledged)).toEqual([soon.run, lost.run, silent.run].sort());
});

// sabotage: src/control/kill-switch/step-gate.ts :: if (found) return stoppedError(found); =>
// sabotage: src/control/kill-switch/step-gate.ts :: if (onThisMachine) throw stoppedError(onThisMachine); =>
test('a step that waited in a queue looks before it begins: its work is not even called', async () => {
  const stopFile = createStopFile(join(app.assetsDir, 'stop'));
  const gate = createStepGate({ db: app.database.db, stopFile, worker: 'test:1' });
  const runId = await insertRun(app.database, ownerOf(tenant));
  const step = {
    tenant: tenant.id,
    principalId: tenant.keys.owner.id,
    runId,
    leadId: null,
    step: 'fetch_site',
  };
  let calls = 0;
  const run = () =>
    gate.run(step, {
      signal: new AbortController().signal,
      work: async () => {
        calls += 1;
      },
    });
  await turnOn();
  await expect(run()).rejects.toMatchObject({ code: 'kill_switch_on', details: { reach: 'tenant' } });
  await turnOff();
  await stopFile.write({ reason: 'By hand.', by: 'us', at: new Date() });
  await expect(run()).rejects.toMatchObject({ code: 'kill_switch_on', details: { reach: 'machine' } });
  expect(calls).toBe(0);
  await stopFile.remove();
  await run();
  expect(calls).toBe(1);
});

// sabotage: src/control/kill-switch/step-gate.ts :: if (status !== 'active') return suspendedError(status); =>
test('the next step of a tenant that was suspended meanwhile does not begin', async () => {
  const late = await createTenant(app.database);
  const runId = await insertRun(app.database, ownerOf(late));
  const stopFile = createStopFile(join(app.assetsDir, 'stop'));
  const gate = createStepGate({ db: app.database.db, stopFile, worker: 'test:1' });
  const step = { tenant: late.id, principalId: late.keys.owner.id, runId, leadId: null, step: 'fetch_site' };
  const { signal } = new AbortController();
  await app.database.admin`update tenants set status = 'suspended' where id = ${late.id}`;
  const work = vi.fn(async () => undefined);
  await expect(gate.run(step, { signal, work })).rejects.toMatchObject({ code: 'tenant_suspended' });
  expect(work).not.toHaveBeenCalled();
  const { admin } = app.database;
  await admin`update tenants set status = 'active' where id = ${late.id}`;
  await gate.run(step, { signal, work });
  expect(work).toHaveBeenCalledOnce();
});
