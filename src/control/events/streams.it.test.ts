import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestApp, type TestApp } from '../../../tests/support/app.ts';
import { createTestDatabase } from '../../../tests/support/database.ts';
import { EVENT_CLIENTS, followByServerEvents } from '../../../tests/support/event-clients.ts';
import { insertLead, insertRun } from '../../../tests/support/rows.ts';
import { createKey, createTenant, type TestKey, type TestTenant } from '../../../tests/support/tenant.ts';
import { type Listening, listen } from '../../api/listen.ts';
import { leads } from '../../leads/leads/tables.ts';
import { newId } from '../../runtime/ids.ts';
import { createEventHub, type EventHub } from './hub.ts';
import { eventHead } from './repository.ts';
import type { EventView } from './schemas.ts';

let app: TestApp;
let hub: EventHub;
let api: Listening;
let tenant: TestTenant;
let origin: string;
beforeAll(async () => {
  const database = await createTestDatabase();
  hub = createEventHub(database.db);
  app = await createTestApp({ eventHub: hub }, database);
  api = await listen(app.app, { hostname: '127.0.0.1', port: 0 });
  origin = `http://127.0.0.1:${api.port}`;
  tenant = await createTenant(app.database);
});
afterAll(async () => {
  hub.close();
  await app.close();
  await api.close();
});

const owner = (of = tenant) => ({ tenant: of.id, createdBy: of.keys.owner.id });
const head = (of = tenant) => app.database.db.withTenant(of.scope, eventHead);

/** Adds leads in one transaction: one event each. */
async function addLeads(count: number, of: TestTenant): Promise<void> {
  const rows = Array.from({ length: count }, () => {
    const id = newId();
    const domain = `${id}.example`;
    const lead = { tenantId: of.id, id, url: `https://${domain}/`, domain, source: 'import' as const };
    return { ...lead, createdBy: of.keys.owner.id };
  });
  await app.database.db.withTenant(of.scope, async (tx) => {
    await tx.insert(leads).values(rows);
    // Transactions overlap, so that they commit in another order than they wrote.
    await sleep(Math.random() * 20);
  });
}

async function toEnd(events: AsyncIterable<EventView>): Promise<EventView[]> {
  const all: EventView[] = [];
  for await (const event of events) all.push(event);
  return all;
}

const EVENTS = 10_000;
const SUBSCRIBERS = 50;

// sabotage: src/control/events/follow.ts :: after = page.reached; => after = page.reached + 1;
// sabotage: src/control/events/repository.ts :: const head = await eventHead(tx); => const head = 1e15;
test('10,000 events reach 50 subscribers that are cut at random: none lost, none twice, in order', async () => {
  const of = await createTenant(app.database);
  const start = await head(of);
  let cuts = 0;
  const subscribers = Array.from({ length: SUBSCRIBERS }, async (_, index) => {
    const follow = EVENT_CLIENTS[index % EVENT_CLIENTS.length]![1];
    const seen: number[] = [];
    while (seen.length < EVENTS) {
      const after = String(seen.at(-1) ?? start);
      const stream = await follow({
        origin,
        path: '/v1/events/stream',
        headers: of.keys.owner.headers,
        after,
      });
      let left = Math.ceil(Math.random() * 2_500);
      for await (const event of stream.events) {
        if (event.seq !== (seen.at(-1) ?? start) + 1)
          throw new Error(`${event.seq} after ${seen.at(-1) ?? start}`);
        seen.push(event.seq);
        left -= 1;
        if (left <= 0 || seen.length >= EVENTS) break;
      }
      stream.cut();
      cuts += 1;
    }
    return seen;
  });
  let left = EVENTS;
  const writers = Array.from({ length: 6 }, async () => {
    while (left > 0) {
      const count = Math.min(left, 1 + Math.floor(Math.random() * 40));
      left -= count;
      await addLeads(count, of);
    }
  });
  await Promise.all(writers);
  const wanted = Array.from({ length: EVENTS }, (_, index) => start + 1 + index);
  for (const seen of await Promise.all(subscribers)) expect(seen).toEqual(wanted);
  expect(cuts).toBeGreaterThan(2 * SUBSCRIBERS);
}, 180_000);

describe.each(EVENT_CLIENTS)('by %s', (_name, follow) => {
  const open = (path: string, key: TestKey, after?: string) =>
    follow({ origin, path, headers: key.headers, ...(after !== undefined && { after }) });

  test('a run is followed to its end, and can be read again later', async () => {
    const lead = await insertLead(app.database, owner());
    const run = await insertRun(app.database, owner(), { leadId: lead });
    const stream = await open(`/v1/runs/${run}/events`, tenant.keys.owner);
    await insertLead(app.database, owner());
    const { admin } = app.database;
    await admin`update runs set status = 'running' where id = ${run}`;
    await admin`update runs set status = 'completed', ended_at = now() where id = ${run}`;
    const live = await toEnd(stream.events);
    expect(live.map(({ type }) => type)).toEqual(['run.requested', 'run.running', 'run.completed']);
    const again = await open(`/v1/runs/${run}/events`, tenant.keys.owner);
    expect(await toEnd(again.events)).toEqual(live);
    const rest = await open(`/v1/runs/${run}/events`, tenant.keys.owner, String(live[0]!.seq));
    expect(await toEnd(rest.events)).toEqual(live.slice(1));
  });

  test('an event is there within a second of its commit', async () => {
    const stream = await open('/v1/events/stream', tenant.keys.owner);
    const next = stream.events.next();
    const committed = insertLead(app.database, owner()).then(() => Date.now());
    const { value } = await next;
    expect(Date.now() - (await committed)).toBeLessThan(1_000);
    expect(value?.type).toBe('lead.created');
    stream.cut();
  });

  test('a filter leaves out the others', async () => {
    const lead = await insertLead(app.database, owner());
    const query = `lead_id=${lead}&type=lead.updated,lead.deleted`;
    const stream = await open(`/v1/events/stream?${query}`, tenant.keys.owner, '0');
    const next = stream.events.next();
    await insertLead(app.database, owner());
    await app.database.admin`update leads set notes = 'x' where id = ${lead}`;
    expect((await next).value).toMatchObject({ type: 'lead.updated', lead_id: lead });
    stream.cut();
  });

  // sabotage: migrations/0009_event_log.sql :: and ((select agos_sees_all()) or created_by => and (true or created_by
  test('each sees what it may see: another tenant nothing, an editor own and assigned leads', async () => {
    const stranger = await createTenant(app.database);
    const editor = tenant.keys.editor;
    const own = await insertLead(app.database, { tenant: tenant.id, createdBy: editor.id });
    const from = String(await head());
    const foreignStream = await open('/v1/events/stream', stranger.keys.owner, '0');
    const editorStream = await open('/v1/events/stream', editor, from);
    await insertLead(app.database, owner());
    await app.database.admin`update leads set notes = 'y' where id = ${own}`;
    const mark = await insertLead(app.database, owner(stranger));
    expect((await foreignStream.events.next()).value?.lead_id).toBe(mark);
    expect((await editorStream.events.next()).value).toMatchObject({ type: 'lead.updated', lead_id: own });
    foreignStream.cut();
    editorStream.cut();
  });

  // sabotage: src/control/events/follow.ts :: const identity = await confirmed(caller); => const { identity } = caller;
  test('a stream ends within seconds of its key being revoked, and shows nothing after that', async () => {
    const key = await createKey(app.database, tenant.id, 'owner');
    const stream = await open('/v1/events/stream', key);
    const revoked = await app.request('DELETE', `/v1/keys/${key.id}`, { headers: tenant.keys.owner.headers });
    expect(revoked.status, revoked.text).toBeLessThan(300);
    const at = Date.now();
    await insertLead(app.database, owner());
    expect(await toEnd(stream.events)).toEqual([]);
    expect(Date.now() - at).toBeLessThan(15_000);
  }, 40_000);

  // sabotage: src/control/events/hub.ts :: if (!listening) db.listen(EVENTS_CHANNEL, => db.listen(EVENTS_CHANNEL,
  test('however many streams are open, one connection listens for all of them', async () => {
    const streams = await Promise.all(
      Array.from({ length: 20 }, () => open('/v1/events/stream', tenant.keys.owner)),
    );
    const [listeners] = await app.database.admin`select count(*)::int as count from pg_stat_activity
      where datname = current_database() and query ilike 'listen %'`;
    expect(listeners).toEqual({ count: 1 });
    for (const stream of streams) stream.cut();
  });
});

test('a stream ends within seconds of its tenant being closed', async () => {
  const of = await createTenant(app.database);
  const { headers } = of.keys.owner;
  const stream = await followByServerEvents({ origin, path: '/v1/events/stream', headers });
  await app.database.admin`update tenants set status = 'closed' where id = ${of.id}`;
  const at = Date.now();
  expect(await toEnd(stream.events)).toEqual([]);
  expect(Date.now() - at).toBeLessThan(15_000);
}, 40_000);

// sabotage: src/control/events/follow.ts :: const identity = await confirmed(caller); => await confirmed(caller); const { identity } = caller;
test('whose role becomes a smaller one goes on with what that role may see', async () => {
  const key = await createKey(app.database, tenant.id, 'owner');
  const { headers } = key;
  const stream = await followByServerEvents({ origin, path: '/v1/events/stream', headers });
  await app.database.admin`update api_keys set role = 'viewer' where id = ${key.id}`;
  const seesForeign = async (): Promise<boolean> => {
    const foreign = await insertLead(app.database, owner());
    await insertLead(app.database, { tenant: tenant.id, createdBy: key.id });
    return (
      (await stream.events.next()).value?.lead_id === foreign && (await stream.events.next()).done === false
    );
  };
  await expect.poll(seesForeign, { timeout: 20_000, interval: 500 }).toBe(false);
  expect(await seesForeign()).toBe(false);
  stream.cut();
}, 40_000);

test('EventSource stops: a run that has ended and of which nothing follows is answered with 204', async () => {
  const run = await insertRun(app.database, owner(), {});
  await app.database.admin`update runs set status = 'failed', ended_at = now() where id = ${run}`;
  const headers = { ...tenant.keys.owner.headers, 'last-event-id': String(await head()) };
  const answer = await app.request('GET', `/v1/runs/${run}/events?after=0`, { headers });
  expect(answer.status).toBe(204);
});

test('a cursor ahead of the log is refused, and so is one that is no number', async () => {
  const { headers } = tenant.keys.owner;
  const ahead = await app.request('GET', '/v1/events/stream?after=99999999', { headers });
  expect([ahead.status, ahead.body.error]).toEqual([422, 'cursor_invalid']);
  const wrong = await app.request('GET', '/v1/events/stream?after=-1', { headers });
  expect([wrong.status, wrong.body.error]).toEqual([422, 'validation_failed']);
});

// sabotage: src/control/events/hub.ts :: if ((places.get(tenant)?.size ?? 0) >= STREAMS_PER_TENANT) throw tooMany(); =>
test('the 101st stream of a tenant is refused with 429 until one is closed; other tenants do not feel it', async () => {
  const of = await createTenant(app.database);
  const { headers } = of.keys.owner;
  const one = () => followByServerEvents({ origin, path: '/v1/events/stream', headers });
  const streams = await Promise.all(Array.from({ length: 100 }, one));
  const refused = await app.request('GET', '/v1/events/stream', { headers });
  expect([refused.status, refused.body.error]).toEqual([429, 'rate_limit_exceeded']);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  const other = await app.request('GET', '/v1/events/stream', { headers: tenant.keys.owner.headers });
  expect(other.status).toBe(200);
  for (const stream of streams) stream.cut();
  await expect
    .poll(async () => (await app.request('GET', '/v1/events/stream', { headers })).status, {
      timeout: 20_000,
    })
    .toBe(200);
}, 60_000);

// sabotage: src/api/kit/mount.ts :: if (isHead(c)) return new Response(null, { headers: EVENT_STREAM_HEADERS }); =>
test('who asks for the head of a stream alone opens none, however often', async () => {
  const of = await createTenant(app.database);
  const { headers } = of.keys.owner;
  await expect.poll(() => hub.openStreams(), { timeout: 20_000 }).toBe(0);
  for (let time = 0; time < 110; time += 1) {
    const head = await fetch(`${origin}/v1/events/stream`, { method: 'HEAD', headers });
    expect([head.status, head.headers.get('content-type')]).toEqual([
      200,
      'text/event-stream; charset=UTF-8',
    ]);
  }
  const stream = await followByServerEvents({ origin, path: '/v1/events/stream', headers });
  expect(hub.openStreams()).toBe(1);
  stream.cut();
}, 60_000);

test('the list is filtered and paged by a cursor, newest first', async () => {
  const of = await createTenant(app.database);
  await addLeads(30, of);
  const { headers } = of.keys.owner;
  const first = await app.request('GET', '/v1/events?limit=20&type=lead.created', { headers });
  expect(first.body.data.map(({ seq }: { seq: number }) => seq)).toEqual(
    Array.from({ length: 20 }, (_, index) => 30 - index),
  );
  const cursor = encodeURIComponent(first.body.next_cursor);
  const second = await app.request('GET', `/v1/events?limit=20&type=lead.created&cursor=${cursor}`, {
    headers,
  });
  expect(second.body.data.map(({ seq }: { seq: number }) => seq)).toEqual(
    Array.from({ length: 10 }, (_, index) => 10 - index),
  );
  expect((await app.request('GET', '/v1/events?type=run.requested', { headers })).body.data).toEqual([]);
  expect((await app.request('GET', '/v1/events?type=no.such', { headers })).status).toBe(422);
});
