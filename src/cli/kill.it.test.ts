import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createTestApp, type TestApp } from '../../tests/support/app.ts';
import { insertLead, insertRun, insertWebhookAttempt } from '../../tests/support/rows.ts';
import { createTenant, type TestTenant } from '../../tests/support/tenant.ts';
import { type Listening, listen } from '../api/listen.ts';
import { newId } from '../runtime/ids.ts';

const LAUNCHER = join(import.meta.dirname, 'agos.mjs');

let app: TestApp;
let api: Listening;
let tenant: TestTenant;
let other: TestTenant;
beforeAll(async () => {
  app = await createTestApp();
  api = await listen(app.app, { hostname: '127.0.0.1', port: 0 });
  tenant = await createTenant(app.database);
  other = await createTenant(app.database);
});
afterAll(async () => {
  await api?.close();
  await app?.close();
});
afterEach(async () => {
  const { admin } = app.database;
  await admin`update kill_switches set turned_off_at = now(), turned_off_by = turned_on_by
    where turned_off_at is null`;
  await admin`update global_kill_switches set turned_off_at = now(), turned_off_by = 'a test'
    where turned_off_at is null`;
});

type Ran = { code: number; out: string; err: string };

/** `agos kill ...` as a process of this tenant's administrator, who has the owner's connection too. */
async function agos(args: string[], more: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const child = spawn(process.execPath, [LAUNCHER, 'kill', ...args], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      NO_COLOR: '1',
      AGOS_URL: `http://127.0.0.1:${api.port}`,
      AGOS_API_KEY: tenant.keys.admin.key,
      AGOS_DATA_DIR: app.assetsDir,
      DATABASE_ADMIN_URL: app.database.info.adminUrl,
      ...more,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ran = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    ran.out += stripVTControlCharacters(String(chunk));
  });
  child.stderr.on('data', (chunk) => {
    ran.err += chunk;
  });
  const [code] = await once(child, 'close');
  return { ...ran, code };
}

const ownerOf = (who: TestTenant) => ({ tenant: who.id, createdBy: who.keys.owner.id });
async function triageOf(who: TestTenant): Promise<number> {
  const lead = await insertLead(app.database, ownerOf(who));
  return (await app.request('POST', `/v1/leads/${lead}/triage`, { headers: who.keys.operator.headers }))
    .status;
}

/** A step that a worker began and never ended. */
async function insertOpenStep(): Promise<string> {
  const run = await insertRun(app.database, ownerOf(tenant));
  await app.database.admin`insert into run_steps (tenant_id, id, run_id, step, worker, created_by)
    values (${tenant.id}, ${newId()}, ${run}, 'inspect_page', 'gone:42', ${tenant.keys.owner.id})`;
  return run;
}

test("on, status and off of the key's tenant: 0 when everything has stopped, and no other tenant is touched", async () => {
  const on = await agos(['on', '--reason', 'A drill.', '--json']);
  expect([on.code, JSON.parse(on.out)]).toMatchObject([
    0,
    { complete: true, kill_switch: { on: true, reason: 'A drill.', turned_on_by: tenant.keys.admin.id } },
  ]);
  expect([await triageOf(tenant), await triageOf(other)]).toEqual([503, 202]);
  const status = await agos(['status']);
  expect(status.code).toBe(0);
  expect(status.out).toMatch(/On: the kill switch of your tenant, since \S+: A drill\./);
  expect(status.out).toContain('At work were 0 steps');
  const off = await agos(['off', '--reason', 'Done.', '--json']);
  expect([off.code, JSON.parse(off.out)]).toEqual([0, { on: false, stops: [], tenant: null }]);
  expect(await triageOf(tenant)).toBe(202);
});

test('1 says that something has not answered, and the table names it and its worker', async () => {
  const run = await insertOpenStep();
  const on = await agos(['on', '--reason', 'A drill.']);
  expect(on.code).toBe(1);
  expect(on.out).toMatch(new RegExp(`inspect_page.*${run}.*gone:42.*NOT STOPPED`));
  await app.database.admin`update run_steps set ended_at = clock_timestamp(), outcome = 'stopped'`;
  const status = await agos(['status', '--json']);
  expect(JSON.parse(status.out)).toMatchObject({ on: true, receipt: { complete: true, not_stopped: [] } });
});

test('a webhook on its way that nobody answers for is told too', async () => {
  await insertWebhookAttempt(app.database, ownerOf(tenant));
  const on = await agos(['on', '--reason', 'A drill.']);
  expect(on.code).toBe(1);
  expect(on.out.replace(/\s+/g, ' ')).toMatch(/Webhooks on their way: 1 \(.*outbound: 1\)/);
  await app.database.admin`update webhook_attempts set error = 'interrupted'`;
  const status = await agos(['status']);
  expect(status.out.replace(/\s+/g, ' ')).toMatch(
    /Webhooks on their way: 1 \(broken off, to be sent again: 1;/,
  );
});

// sabotage: src/cli/kill-global.ts :: return { ...row, tenant: null }; => return { ...row, tenant: row.id };
test('the global switch stops every tenant on the owner’s connection, and its receipt tells of all of them', async () => {
  const run = await insertOpenStep();
  const on = await agos(['on', '--global', '--reason', 'Everything.', '--json'], {
    AGOS_URL: 'http://127.0.0.1:1',
  });
  expect(on.code).toBe(1);
  expect(JSON.parse(on.out)).toMatchObject({
    complete: false,
    kill_switch: { reason: 'Everything.', turned_on_by: expect.stringContaining('@') },
    not_stopped: [{ run_id: run, worker: 'gone:42' }],
  });
  await app.database.admin`update run_steps set ended_at = clock_timestamp(), outcome = 'stopped'
    where ended_at is null`;
  expect([await triageOf(tenant), await triageOf(other)]).toEqual([503, 503]);
  expect((await agos(['status'])).out).toMatch(/On: the global kill switch, since \S+: Everything\./);
  const own = await agos(['off', '--json']);
  expect(JSON.parse(own.out), 'a tenant cannot turn it off').toMatchObject({ on: true });
  expect((await agos(['status', '--global'])).out).toContain('The global kill switch is on since');
  expect((await agos(['off', '--global'])).out).toContain('The global kill switch is off.');
  expect([await triageOf(tenant), await triageOf(other)]).toEqual([202, 202]);
});

test('the global switch whose receipt cannot be read is told as on, and no stop file is written', async () => {
  const { admin } = app.database;
  await admin`alter table audits rename to audits_away`;
  onTestFinished(async () => void (await admin`alter table audits_away rename to audits`));
  const on = await agos(['on', '--global', '--reason', 'Everything.']);
  expect([on.code, on.out]).toEqual([1, expect.stringContaining('The global kill switch is on since')]);
  expect(on.out).toContain('What was at work could not be told');
  expect(on.out).not.toContain('Stopped instead');
  expect(await triageOf(other)).toBe(503);
});

test.each([
  [2, 'no reason', ['on'], {}],
  [2, 'a reason that is no line', ['on', '--reason', 'a\nb'], {}],
  [2, 'a reason that is no line, for everybody', ['on', '--global', '--reason', ' '], {}],
  [3, 'an API that does not answer', ['on', '--reason', 'x'], { AGOS_URL: 'http://127.0.0.1:1' }],
  [4, 'a key that may not', ['off'], { AGOS_API_KEY: 'operator' }],
])('exit code %i: %s', async (code, _name, args, more) => {
  const asOperator = 'AGOS_API_KEY' in more ? { AGOS_API_KEY: tenant.keys.operator.key } : more;
  const ran = await agos(args as string[], asOperator as NodeJS.ProcessEnv);
  expect(ran.code, ran.err).toBe(code);
  if (code === 3) expect(ran.err).toContain('agos kill on --global');
});
