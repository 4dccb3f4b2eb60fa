import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestApp, type TestApp } from '../../../tests/support/app.ts';
import {
  insertLead,
  insertRun,
  insertWebhookDelivery,
  insertWebhookEndpoint,
} from '../../../tests/support/rows.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import { systemClock } from '../../runtime/clock.ts';
import { newId } from '../../runtime/ids.ts';
import { type ForgetDeps, forgetOld } from './forget-old.ts';

const KEEP = { eventDays: 90, stepDays: 30, spendDays: 400 };

let app: TestApp;
let tenant: TestTenant;
beforeAll(async () => {
  app = await createTestApp();
});
beforeEach(async () => {
  tenant = await createTenant(app.database);
});
afterAll(() => app.close());

const owner = (who = tenant) => ({ tenant: who.id, createdBy: who.keys.owner.id });
const forget = (overrides: Partial<ForgetDeps> = {}) =>
  forgetOld({ db: app.database.db, clock: systemClock, keep: KEEP, ...overrides });
const seqs = async (who = tenant) => {
  const rows = await app.database.admin`select seq::int from events where tenant_id = ${who.id} order by seq`;
  return rows.map(({ seq }) => seq as number);
};
/** Events of so many new leads, as old as if they had been made so many days ago. */
async function eventsOf(days: number, count: number, who = tenant): Promise<void> {
  const after = (await seqs(who)).at(-1) ?? 0;
  for (let made = 0; made < count; made += 1) await insertLead(app.database, owner(who));
  await app.database.admin`update events set at = at - ${days} * interval '1 day'
    where tenant_id = ${who.id} and seq > ${after}`;
}
const stream = (path: string, headers = {}) =>
  app.request('GET', path, { headers: { ...tenant.keys.owner.headers, ...headers } });

describe('events', () => {
  test('old ones go in small batches, in the order of their numbers; no other tenant’s go with them', async () => {
    const other = await createTenant(app.database);
    await eventsOf(91, 7);
    await eventsOf(89, 2);
    await eventsOf(91, 1, other);
    await eventsOf(0, 1, other);
    await expect(forget({ batchRows: 3 })).resolves.toMatchObject({ events: 8 });
    expect(await seqs()).toEqual([8, 9]);
    expect(await seqs(other)).toEqual([2]);
  });

  // sabotage: migrations/0023_alert_events_and_forgetting.sql :: AND e.seq < (SELECT max(h.seq) FROM public.events h WHERE h.tenant_id = mine); => ;
  test('the newest stays however old it is, so that no number comes twice', async () => {
    await eventsOf(400, 3);
    await forget();
    expect(await seqs()).toEqual([3]);
    await insertLead(app.database, owner());
    expect(await seqs()).toEqual([3, 4]);
  });

  test('one that is younger keeps what stands behind it, whatever a clock said', async () => {
    await eventsOf(91, 1);
    await eventsOf(0, 1);
    await eventsOf(91, 2);
    await forget();
    expect(await seqs()).toEqual([2, 3, 4]);
  });

  // sabotage: migrations/0023_alert_events_and_forgetting.sql :: moment timestamptz := least(older_than, now() - interval '7 days'); => moment timestamptz := older_than;
  test('none of the last seven days goes, whatever is asked for', async () => {
    await eventsOf(6, 3);
    await forget({ keep: { ...KEEP, eventDays: 0 } });
    expect(await seqs()).toEqual([1, 2, 3]);
  });

  // sabotage: src/control/events/routes.ts :: if (wanted >= gone) return wanted; => return wanted;
  test('a cursor whose events are gone is answered 410 with the number to go on from, and that one works', async () => {
    await eventsOf(91, 5);
    await eventsOf(0, 2);
    await forget();
    for (const answer of [
      await stream('/v1/events/stream?after=2'),
      await stream('/v1/events/stream', { 'last-event-id': '4' }),
      await stream('/v1/events/stream?after=0'),
    ]) {
      expect([answer.status, answer.body.error]).toEqual([410, 'event_cursor_expired']);
      expect(answer.body.details).toMatchObject({ after: 5, oldest: 6, field: 'after' });
    }
    expect((await stream('/v1/events/stream?after=5')).status).toBe(200);
    expect((await stream('/v1/events/stream')).status).toBe(200);
    expect((await stream('/v1/events')).body.data).toHaveLength(2);
  });

  test('a run whose first events are gone is followed from what is left', async () => {
    const run = await insertRun(app.database, owner(), { leadId: await insertLead(app.database, owner()) });
    await app.database.admin`update events set at = at - interval '91 days' where tenant_id = ${tenant.id}`;
    await eventsOf(0, 1);
    await forget();
    expect((await stream(`/v1/runs/${run}/events`)).status).toBe(200);
    expect((await stream(`/v1/runs/${run}/events?after=0`)).body.error).toBe('event_cursor_expired');
  });
});

test('ended steps and spend entries that are old go; what has not ended stays, and so do the sums', async () => {
  const { admin } = app.database;
  const lead = await insertLead(app.database, owner());
  const run = await insertRun(app.database, owner(), { leadId: lead });
  const shared = () => ({
    tenant_id: tenant.id,
    id: newId(),
    created_by: tenant.keys.owner.id,
    lead_id: lead,
  });
  const ago = (days: number) => new Date(Date.now() - days * 86_400_000);
  for (const days of [31, 29, null]) {
    const end = days === null ? {} : { ended_at: ago(days), outcome: 'done' };
    await admin`insert into run_steps ${admin({ ...shared(), run_id: run, step: 'fetch_site', worker: 'w:1', ...end })}`;
  }
  for (const days of [401, 399, null]) {
    const end = days === null ? {} : { ended_at: ago(days), state: 'settled', spent_micro_usd: 1 };
    const entry = { kind: 'scan', day: '2025-01-01', reserved_micro_usd: 1, expires_at: ago(1) };
    await admin`insert into spend_entries ${admin({ ...shared(), key: newId(), ...entry, ...end })}`;
  }
  await admin`insert into spend_days (tenant_id, day, spent_micro_usd) values (${tenant.id}, '2025-01-01', 3)`;
  await expect(forget()).resolves.toMatchObject({ steps: 1, spend_entries: 1 });
  const left = async (table: string) =>
    (await admin`select 1 from ${admin(table)} where tenant_id = ${tenant.id}`).length;
  expect([await left('run_steps'), await left('spend_entries'), await left('spend_days')]).toEqual([2, 2, 1]);
});

// sabotage: migrations/0028_webhook_deliveries_end.sql :: d.event_at < least(older_than, now() - interval '7 days') => d.event_at < older_than
test('a webhook delivery goes with its event, and its attempts with it; none of the last seven days does', async () => {
  const { admin } = app.database;
  const endpoint = await insertWebhookEndpoint(app.database, owner());
  for (const days of [400, 91, 89, 6]) {
    const id = await insertWebhookDelivery(app.database, owner(), endpoint);
    await admin`update webhook_deliveries set event_at = now() - ${days} * interval '1 day' where id = ${id}`;
  }
  const left = async (): Promise<number[]> => {
    const rows =
      await admin`select (select count(*)::int from webhook_attempts a where a.delivery_id = d.id) as count
      from webhook_deliveries d where tenant_id = ${tenant.id}`;
    return rows.map(({ count }) => count as number);
  };
  await expect(forget({ batchRows: 1 })).resolves.toMatchObject({ webhook_deliveries: 2 });
  expect(await left()).toEqual([1, 1]);
  await forget({ keep: { ...KEEP, eventDays: 0 } });
  expect(await left()).toEqual([1]);
  expect((await admin`select 1 from webhook_attempts where tenant_id = ${tenant.id}`).length).toBe(1);
});

test('idempotency keys go when they have expired, also of a tenant that asks for nothing', async () => {
  const { admin } = app.database;
  for (const hours of [-2, -1, 1]) {
    await admin`insert into idempotency_keys ${admin({
      tenant_id: tenant.id,
      route: 'POST /v1/leads',
      key: String(hours),
      principal_id: tenant.keys.owner.id,
      request_hash: 'h',
      status: 201,
      headers: admin.json({}) as never,
      expires_at: new Date(Date.now() + hours * 3_600_000),
    })}`;
  }
  await expect(forget({ batchRows: 1 })).resolves.toMatchObject({ idempotency_keys: 2 });
});

test('a pass that has no time left ends, and the next one goes on', async () => {
  await eventsOf(91, 3);
  await eventsOf(0, 1);
  await expect(forget({ budgetMs: 0 })).resolves.toMatchObject({ events: 0 });
  await expect(forget()).resolves.toMatchObject({ events: 3 });
});
