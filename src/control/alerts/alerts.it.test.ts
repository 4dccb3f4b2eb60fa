import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { alertsOf, passOver } from '../../../tests/support/alerts.ts';
import { createTestApp, type TestApp } from '../../../tests/support/app.ts';
import { insertLead, insertRun, insertWebhookEndpoint } from '../../../tests/support/rows.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import type { Role } from '../../kernel/actor.ts';
import type { HoldCode } from '../../kernel/holds.ts';
import type { EvaluateDeps } from './evaluate.ts';
import { INSTALLATION } from './rules.ts';

const NOON = new Date('2026-11-26T12:00:00Z');
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

let now = NOON;
let app: TestApp;
let tenant: TestTenant;
beforeAll(async () => {
  app = await createTestApp({ clock: { now: () => now } });
});
beforeEach(async () => {
  now = NOON;
  tenant = await createTenant(app.database);
});
afterAll(() => app.close());

const owner = (who = tenant) => ({ tenant: who.id, createdBy: who.keys.owner.id });
const pass = (overrides: Partial<EvaluateDeps> = {}) =>
  passOver(app.database, { clock: { now: () => now }, ...overrides });
const alerts = (who = tenant) => alertsOf(app.database, who.id);
const later = (ms: number) => {
  now = new Date(now.getTime() + ms);
};
const hold = async (code: HoldCode, times = 1, who = tenant) => {
  const held = { hold_code: code, hold_message: 'A test.', hold_since: now.toISOString() };
  for (let made = 0; made < times; made += 1) await insertLead(app.database, owner(who), held);
};
const scanAgain = () =>
  app.database.admin`update leads set hold_code = null, hold_message = null, hold_since = null
    where tenant_id = ${tenant.id}`;
const call = (method: string, path: string, role: Role = 'operator', json?: unknown) =>
  app.request(method, path, { headers: tenant.keys[role].headers, ...(json !== undefined && { json }) });

describe('held leads', () => {
  test('one dead website is no alarm, many of a day are', async () => {
    await hold('unreachable', 24);
    await pass();
    expect(await alerts()).toEqual([]);
    await hold('unreachable');
    await pass();
    expect(await alerts()).toMatchObject([
      { kind: 'leads_held', subject: 'unreachable', severity: 'warning', status: 'raised', count: 25 },
    ]);
    later(DAY_MS + 1);
    await pass();
    expect(await alerts(), 'those of yesterday are no news').toMatchObject([{ resolution: 'cause_gone' }]);
  });

  test('what only people can mend is one from the first lead on, and says what to do', async () => {
    const codes = ['browser_sandbox_unavailable', 'run_stuck', 'budget_exceeded', 'kill_switch_on'] as const;
    for (const code of codes) await hold(code);
    await hold('cancelled', 30);
    await pass();
    const raised = await alerts();
    expect(raised.map((one) => one.subject).sort()).toEqual([...codes].sort());
    const sandbox = raised.find((one) => one.subject === 'browser_sandbox_unavailable');
    expect(sandbox).toMatchObject({ severity: 'critical' });
    expect(sandbox?.summary).toMatch(/^1 lead is held with .*`agos doctor` there says what it lacks/);
  });

  // sabotage: src/control/alerts/held-leads.ts :: count(*) filter (where l.hold_since >= w.seen) => count(*)
  test('a repeating cause counts up and raises nothing; a pass without news changes nothing', async () => {
    await hold('internal_error', 2);
    await pass();
    const [first] = await alerts();
    await pass();
    expect(await alerts()).toEqual([first]);
    later(MINUTE_MS);
    await hold('internal_error', 3);
    await pass();
    const [counted, ...others] = await alerts();
    expect(others).toEqual([]);
    expect(counted).toMatchObject({ id: first?.id, count: 5, first_seen_at: NOON, last_seen_at: now });
  });

  test('it ends by itself when they are scanned again, and what comes after is another alert', async () => {
    await hold('internal_error');
    await pass();
    await scanAgain();
    await pass();
    expect(await alerts()).toMatchObject([{ status: 'resolved', resolution: 'cause_gone' }]);
    later(MINUTE_MS);
    await hold('internal_error');
    await pass();
    expect(await alerts()).toMatchObject([{ status: 'resolved' }, { status: 'raised', count: 1 }]);
  });

  // sabotage: src/control/alerts/repository.ts :: eq(alerts.resolution, 'person'), => eq(alerts.resolution, 'cause_gone'),
  test('what a person has settled is not told of again, and leads that are held later are', async () => {
    await hold('internal_error', 3);
    await pass();
    const [alert] = await alerts();
    expect((await call('POST', `/v1/alerts/${alert?.id}/resolve`, 'operator', {})).status).toBe(200);
    later(MINUTE_MS);
    await pass();
    expect(await alerts()).toHaveLength(1);
    await hold('internal_error');
    await pass();
    expect(await alerts()).toMatchObject([{ resolution: 'person' }, { status: 'raised', count: 1 }]);
  });

  test('many passes at once raise one alert, one event and one entry of the audit log', async () => {
    await hold('internal_error');
    await Promise.all(Array.from({ length: 6 }, () => pass()));
    const [alert, ...others] = await alerts();
    expect(others).toEqual([]);
    const { admin } = app.database;
    const events =
      await admin`select data from events where tenant_id = ${tenant.id} and type like 'alert.%'`;
    expect(events.map(({ data }) => data)).toMatchObject([
      { alert_id: alert?.id, subject: 'internal_error' },
    ]);
    const entries =
      await admin`select * from audit_log where tenant_id = ${tenant.id} and action like 'alert.%'`;
    expect(entries).toMatchObject([{ resource_id: alert?.id, action: 'alert.raised', actor_kind: 'system' }]);
  });
});

describe('its life', () => {
  test('people take it up and end it, each with a note, an event and an entry of the audit log', async () => {
    await hold('internal_error');
    await pass();
    const [{ id } = {}] = (await call('GET', '/v1/alerts?open=true')).body.data;
    const taken = await call('POST', `/v1/alerts/${id}/acknowledge`, 'operator', { note: 'I look at it.' });
    expect(taken.body).toMatchObject({
      status: 'acknowledged',
      acknowledged_by: tenant.keys.operator.id,
      acknowledged_note: 'I look at it.',
    });
    const again = await call('POST', `/v1/alerts/${id}/acknowledge`, 'admin', { note: 'So do I.' });
    expect([again.status, again.body.acknowledged_note], 'the first one stands').toEqual([
      200,
      'I look at it.',
    ]);
    await pass();
    expect((await call('GET', `/v1/alerts/${id}`)).body.status).toBe('acknowledged');
    const ended = await call('POST', `/v1/alerts/${id}/resolve`, 'admin');
    expect(ended.body).toMatchObject({ status: 'resolved', resolution: 'person', resolved_note: null });
    const late = await call('POST', `/v1/alerts/${id}/acknowledge`);
    expect([late.status, late.body.error]).toEqual([409, 'conflict']);
    const types = 'alert.raised,alert.acknowledged,alert.resolved';
    const events = (await call('GET', `/v1/events?sort=seq&type=${types}`)).body.data;
    expect(events.map((one: { type: string }) => one.type)).toEqual(types.split(','));
    expect(events.map((one: { data: { alert_id: string } }) => one.data.alert_id)).toEqual([id, id, id]);
    const log = (await call('GET', `/v1/audit-log?resource_id=${id}&sort=at`, 'owner')).body.data;
    expect(log.map((one: { action: string }) => one.action)).toEqual(types.split(','));
  });

  test('lists are filtered and paged, and only who sees the whole tenant sees alerts and their events', async () => {
    for (const code of ['internal_error', 'run_lost', 'quota_exceeded'] as const) await hold(code);
    await pass();
    const first = await call('GET', '/v1/alerts?limit=2');
    expect(first.body.data).toHaveLength(2);
    const rest = await call('GET', `/v1/alerts?limit=2&cursor=${encodeURIComponent(first.body.next_cursor)}`);
    expect(rest.body.data).toHaveLength(1);
    const critical = await call('GET', '/v1/alerts?severity=critical&kind=leads_held&status=raised');
    expect(critical.body.data).toHaveLength(2);
    expect((await call('GET', '/v1/alerts?open=false')).body.data).toEqual([]);
    expect((await call('GET', '/v1/alerts', 'viewer')).status).toBe(403);
    const path = '/v1/events?type=alert.raised';
    expect((await call('GET', path, 'analyst')).body.data).toHaveLength(3);
    expect((await call('GET', path, 'viewer')).body.data).toEqual([]);
  });
});

describe('budgets and credits', () => {
  const spend = (microUsd: number) =>
    app.database.admin`insert into spend_days (tenant_id, day, spent_micro_usd)
      values (${tenant.id}, '2026-11-26', ${microUsd})
      on conflict (tenant_id, day) do update set spent_micro_usd = excluded.spent_micro_usd`;

  test('four fifths of a day’s budget warn, all of it is critical, and the next day ends it', async () => {
    await spend(8_000_000);
    await pass();
    await spend(10_000_000);
    await pass();
    expect(await alerts()).toMatchObject([
      { kind: 'tenant_budget', subject: '2026-11-26/80', severity: 'warning', status: 'resolved' },
      { kind: 'tenant_budget', subject: '2026-11-26/100', severity: 'critical', status: 'raised' },
    ]);
    later(DAY_MS);
    await pass();
    expect((await alerts()).map(({ status }) => status)).toEqual(['resolved', 'resolved']);
  });

  test('so do the credits of a month, and more credits end it', async () => {
    const { admin } = app.database;
    await admin`insert into credit_periods (tenant_id, month, granted, used)
      values (${tenant.id}, '2026-11-01', 10, 8)`;
    await pass();
    await admin`update credit_periods set granted = 20 where tenant_id = ${tenant.id}`;
    await pass();
    expect(await alerts()).toMatchObject([{ kind: 'credits', subject: '2026-11/80', status: 'resolved' }]);
  });
});

describe('runs that cannot go on', () => {
  const run = (columns: Record<string, unknown>) =>
    insertRun(app.database, owner()).then(
      (id) => app.database.admin`update runs set ${app.database.admin(columns)} where id = ${id}`,
    );

  test('one whose own step fails is told of while it is open, in its tenant alone', async () => {
    const other = await createTenant(app.database);
    await run({ task_failures: 2, started_at: NOON, status: 'started', claimed_at: NOON });
    await pass();
    expect(await alerts()).toEqual([]);
    await app.database.admin`update runs set task_failures = 3 where tenant_id = ${tenant.id}`;
    await pass();
    expect(await alerts()).toMatchObject([
      { kind: 'workflow_task_failing', subject: 'triage-room', severity: 'critical', status: 'raised' },
    ]);
    expect(await alerts(other)).toEqual([]);
    await app.database
      .admin`update runs set ended_at = now(), status = 'failed' where tenant_id = ${tenant.id}`;
    await pass();
    expect(await alerts()).toMatchObject([{ status: 'resolved', resolution: 'cause_gone' }]);
  });

  test('those that nobody begins are told of after five minutes, once', async () => {
    for (let made = 0; made < 3; made += 1) await run({ requested_at: now });
    later(4 * MINUTE_MS);
    await pass();
    expect(await alerts()).toEqual([]);
    later(2 * MINUTE_MS);
    await pass();
    await pass();
    expect(await alerts()).toMatchObject([{ kind: 'queue_delay', subject: 'runs', count: 3 }]);
    await app.database.admin`update runs set claimed_at = now() where tenant_id = ${tenant.id}`;
    await pass();
    expect(await alerts()).toMatchObject([{ status: 'resolved' }]);
  });
});

test('ten thousand held leads are one alert', async () => {
  const { admin } = app.database;
  await admin.begin(async (sql) => {
    // The events of their making are not what is looked at here.
    await sql`set local session_replication_role = replica`;
    await sql`insert into leads (tenant_id, id, url, domain, source, created_by, hold_code, hold_message, hold_since)
      select ${tenant.id}, gen_random_uuid(), 'https://x.example/', 'held-' || n, 'import', ${tenant.keys.owner.id},
        'blocked', 'A test.', ${now}::timestamptz - n * interval '1 second' from generate_series(1, 10000) n`;
  });
  await pass();
  expect(await alerts()).toMatchObject([{ subject: 'blocked', count: 10_000 }]);
});

test('the installation’s alerts are told to no tenant', async () => {
  await hold('internal_error');
  await pass();
  const ofAll = await alertsOf(app.database);
  expect(ofAll.length).toBeGreaterThan(0);
  const seen = await call('GET', '/v1/alerts', 'owner');
  expect(seen.body.data.every((one: { id: string }) => !ofAll.some(({ id }) => id === one.id))).toBe(true);
  const foreign = await call('POST', `/v1/alerts/${ofAll[0]?.id}/resolve`, 'owner');
  expect(foreign.status).toBe(404);
  const events = await app.database.admin`select 1 from events where tenant_id = ${INSTALLATION}`;
  expect(events).toHaveLength(0);
});

describe('what ended badly', () => {
  const importFails = async () => {
    const id = await insertRun(app.database, owner());
    await app.database.admin`update runs set status = 'failed', kind = 'import-leads', ended_at = ${now}
      where id = ${id}`;
  };
  const disable = (id: string, reason: string | null) =>
    app.database.admin`update webhook_endpoints set status = ${reason ? 'disabled' : 'enabled'},
      disabled_reason = ${reason}, disabled_at = ${reason && now} where id = ${id}`;

  // sabotage: src/control/alerts/evaluate.ts :: ...(await failedImports(tx, { tenant, now, known })), =>
  test('an import that failed is told of for a day, and one more counts up', async () => {
    await importFails();
    await pass();
    const [first] = await alerts();
    expect(first).toMatchObject({ kind: 'import_failed', subject: 'imports', severity: 'warning', count: 1 });
    later(MINUTE_MS);
    await importFails();
    await pass();
    await pass();
    expect(await alerts()).toMatchObject([
      { id: first?.id, count: 2, summary: expect.stringMatching(/^2 /) },
    ]);
    later(DAY_MS + 1);
    await pass();
    expect(await alerts()).toMatchObject([{ status: 'resolved', resolution: 'cause_gone' }]);
  });

  test('a failed import that a person has settled is not told of again, and the next one is', async () => {
    await importFails();
    await pass();
    const [alert] = await alerts();
    expect((await call('POST', `/v1/alerts/${alert?.id}/resolve`, 'operator', {})).status).toBe(200);
    later(MINUTE_MS);
    await pass();
    expect(await alerts()).toHaveLength(1);
    await importFails();
    await pass();
    expect(await alerts()).toMatchObject([{ resolution: 'person' }, { status: 'raised', count: 1 }]);
  });

  // sabotage: src/control/alerts/ended-badly.ts :: ne(webhookEndpoints.disabledReason, 'by_request'), => ne(webhookEndpoints.disabledReason, 'gone'),
  test('an endpoint that failure or its receiver has disabled is told of until it is enabled; one that a person disabled is not', async () => {
    const [failing, gone, asked] = [
      await insertWebhookEndpoint(app.database, owner()),
      await insertWebhookEndpoint(app.database, owner()),
      await insertWebhookEndpoint(app.database, owner()),
    ];
    await disable(failing, 'failing');
    await disable(gone, 'gone');
    await disable(asked, 'by_request');
    await pass();
    await pass();
    const raised = await alerts();
    expect(raised.map(({ kind, subject, count }) => ({ kind, subject, count }))).toEqual(
      expect.arrayContaining(
        [failing, gone].map((subject) => ({ kind: 'webhook_disabled', subject, count: 1 })),
      ),
    );
    expect(raised).toHaveLength(2);
    expect(raised.find(({ subject }) => subject === gone)?.summary).toContain('answered 410');
    await disable(failing, null);
    await app.database.admin`update webhook_endpoints set deleted_at = ${now} where id = ${gone}`;
    await pass();
    expect(await alerts()).toMatchObject([{ resolution: 'cause_gone' }, { resolution: 'cause_gone' }]);
    later(MINUTE_MS);
    await disable(failing, 'failing');
    await pass();
    expect((await alerts()).filter(({ status }) => status === 'raised')).toMatchObject([
      { subject: failing },
    ]);
  });
});
