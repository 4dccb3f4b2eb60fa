import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestApp, TEST_SECRET, type TestApp } from '../../../tests/support/app.ts';
import { insertBatch, insertLead } from '../../../tests/support/rows.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import {
  startWebhookReceiver,
  verified,
  type WebhookReceiver,
} from '../../../tests/support/webhook-receiver.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createEgressGuard } from '../../runtime/egress/guard.ts';
import { createGuardedPost } from '../../runtime/egress/post.ts';
import { createStopFile } from '../kill-switch/stop-file.ts';
import { createStopWatch } from '../kill-switch/watch-stops.ts';
import { deliverDue } from './deliver-due.ts';
import { type DeliveryTimes, MAX_ENDPOINTS } from './rules.ts';
import { createSecretSeal } from './seal.ts';
import { wakeAll, wakeTenant } from './wake.ts';

let app: TestApp;
let receiver: WebhookReceiver;
let tenant: TestTenant;
beforeAll(async () => {
  receiver = await startWebhookReceiver();
  const { isAllowed } = createEgressGuard({ allowTargets: receiver.allowTargets });
  app = await createTestApp({
    webhooks: { isAllowed, httpsOnly: false, seal: createSecretSeal(TEST_SECRET) },
  });
});
afterAll(async () => {
  await app?.close();
  await receiver?.close();
});
beforeEach(async () => {
  tenant = await createTenant(app.database);
});

type Json = Record<string, unknown>;
const ask = (method: string, path: string, json?: Json, headers: Record<string, string> = {}, of = tenant) =>
  app.request(method, path, { headers: { ...of.keys.admin.headers, ...headers }, ...(json && { json }) });
const endpoints = '/v1/webhook-endpoints';
async function endpoint(more: Json = {}, of = tenant) {
  const path = `/in-${Math.random().toString(36).slice(2)}`;
  const made = await ask('POST', endpoints, { url: receiver.url(path), ...more }, {}, of);
  expect(made.status, made.text).toBe(201);
  return { path, id: made.body.id as string, secret: made.body.secret as string, body: made.body };
}
const owner = (of = tenant) => ({ tenant: of.id, createdBy: of.keys.owner.id });
const lead = (of = tenant) => insertLead(app.database, owner(of));

const TIMES: DeliveryTimes = { retry_delays_ms: [1, 1], disable_after_ms: 3_600_000, timeout_ms: 2_000 };
function deliverer(secret = TEST_SECRET) {
  const guard = createEgressGuard({ allowTargets: receiver.allowTargets });
  const { db } = app.database;
  const stopFile = createStopFile(join(app.assetsDir, 'stop'));
  return {
    db,
    clock: systemClock,
    post: createGuardedPost({ guard, clock: systemClock, httpsOnly: false }),
    seal: createSecretSeal(secret),
    stopFile,
    stopWatch: createStopWatch({ db, stopFile }),
  };
}
const deliver = (endpointId: string, times = TIMES, deps = deliverer(), of = tenant) =>
  deliverDue(deps, { tenant: of.id, endpointId, times }, new AbortController().signal);
/** Takes the tenant's new events; says which endpoints would be delivered to. */
async function wake(of = tenant): Promise<string[]> {
  const started: string[] = [];
  const start = async ({ endpointId }: { endpointId: string }) => void started.push(endpointId);
  await wakeTenant({ db: app.database.db, start, warn: () => {} }, of.id);
  return started;
}
const deliveries = async (query = '', of = tenant) =>
  (await ask('GET', `/v1/webhook-deliveries?${query}`, undefined, {}, of)).body.data;

describe('endpoints', () => {
  test('the secret is shown once: not in lists, not in a repeated answer, not in the database', async () => {
    const key = { 'idempotency-key': 'once' };
    const input = { url: receiver.url('/once'), description: 'Ours', event_types: ['lead.created'] };
    const made = await ask('POST', endpoints, input, key);
    expect(made.body).toMatchObject({
      ...input,
      status: 'enabled',
      secret: expect.stringMatching(/^whsec_/),
    });
    const again = await ask('POST', endpoints, input, key);
    expect(again.body).toMatchObject({ id: made.body.id, secret: '' });
    const rest = [await ask('GET', endpoints), await ask('GET', `${endpoints}/${made.body.id}`)];
    for (const answer of rest) expect(answer.text).not.toContain('secret');
    const raw = made.body.secret.slice('whsec_'.length);
    const dump = await app.database.admin`select sealed from webhook_secrets`;
    const stored = await app.database.admin`select body::text from idempotency_keys`;
    expect(JSON.stringify([dump, stored])).not.toContain(raw);
    expect(app.logs.join('\n')).not.toContain(raw);
  });

  test('they are changed by version, disabled and enabled, and deleted', async () => {
    const { id, body } = await endpoint();
    const changed = await ask('PATCH', `${endpoints}/${id}`, { description: 'New' }, { 'if-match': '"1"' });
    expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"2"']);
    expect(changed.body).toMatchObject({ description: 'New', url: body.url, version: 2 });
    const late = await ask('PATCH', `${endpoints}/${id}`, { enabled: false }, { 'if-match': '"1"' });
    expect([late.status, late.body.error]).toEqual([412, 'version_mismatch']);
    const off = await ask('PATCH', `${endpoints}/${id}`, { enabled: false });
    expect(off.body).toMatchObject({ status: 'disabled', disabled_reason: 'by_request' });
    const on = await ask('PATCH', `${endpoints}/${id}`, { enabled: true });
    expect(on.body).toMatchObject({ status: 'enabled', disabled_reason: null, disabled_at: null });
    expect((await ask('DELETE', `${endpoints}/${id}`)).status).toBe(204);
    expect((await ask('GET', `${endpoints}/${id}`)).status).toBe(404);
    expect((await ask('GET', endpoints)).body.data).toEqual([]);
    const [left] = await app.database.admin`select count(*)::int as n from webhook_secrets
      where endpoint_id = ${id}`;
    expect(left?.n, 'its secrets are gone').toBe(0);
  });

  // sabotage: src/control/webhooks/change-endpoints.ts :: await lockTenant(tx, scope.tenant); =>
  test('a tenant has 20 at most, however many are asked for at once', async () => {
    const many = Array.from({ length: MAX_ENDPOINTS + 5 }, () =>
      ask('POST', endpoints, { url: receiver.url('/many') }),
    );
    const statuses = (await Promise.all(many)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(MAX_ENDPOINTS);
    expect(statuses.filter((status) => status === 409)).toHaveLength(5);
  });

  // sabotage: src/control/webhooks/change-endpoints.ts :: if (!httpsOnly || url.startsWith('https:')) return url; => return url;
  test.each([
    ['http://127.0.0.1/', 'url_target_forbidden'],
    ['https://169.254.169.254/latest', 'url_target_forbidden'],
    ['https://metadata.internal/', 'url_target_forbidden'],
    ['https://hooks.example:6379/', 'url_port_not_allowed'],
    ['ftp://hooks.example/', 'url_scheme_not_allowed'],
    ['http://hooks.example/', 'url_scheme_not_allowed'],
    ['https://user:pass@hooks.example/', 'url_credentials_not_allowed'],
  ])('%s is refused in production, at creation and at a change: %s', async (url, code) => {
    const strict = await createTestApp(
      { webhooks: { httpsOnly: true, seal: createSecretSeal(TEST_SECRET) } },
      app.database,
    );
    const { headers } = tenant.keys.admin;
    const refused = await strict.request('POST', endpoints, { headers, json: { url } });
    expect([refused.status, refused.body.error]).toEqual([422, code]);
    const { id } = await endpoint();
    const changed = await strict.request('PATCH', `${endpoints}/${id}`, { headers, json: { url } });
    expect([changed.status, changed.body.error]).toEqual([422, code]);
  });
});

describe('what is delivered', () => {
  test('each matching event once to each endpoint, as the API shows it, and the verifier agrees', async () => {
    const all = await endpoint();
    const some = await endpoint({ event_types: ['batch.created'] });
    const id = await lead();
    await insertBatch(app.database, owner());
    expect((await wake()).sort()).toEqual([all.id, some.id].sort());
    expect(await wake(), 'a second look takes nothing twice').toHaveLength(2);
    await expect(deliver(all.id)).resolves.toEqual({ delivered: 2, failed: 0, wait_ms: null });
    await deliver(some.id);
    expect(await wake()).toEqual([]);
    const events = (await ask('GET', '/v1/events?sort=seq')).body.data;
    const got = receiver.at(all.path).map((one) => verified(all.secret, one));
    expect(got.sort((a, b) => a.type.localeCompare(b.type))).toEqual(
      events
        .map((event: Json) => ({ type: event.type, timestamp: event.at, data: event }))
        .sort((a: Json, b: Json) => String(a.type).localeCompare(String(b.type))),
    );
    expect(
      receiver
        .at(all.path)
        .map((one) => one.id)
        .sort(),
    ).toEqual(events.map((one: Json) => one.id).sort());
    expect(receiver.at(some.path).map((one) => verified(some.secret, one).type)).toEqual(['batch.created']);
    expect(JSON.stringify(got)).toContain(id);
    const rows = await deliveries(`endpoint_id=${all.id}&status=delivered&event_type=lead.created`);
    expect(rows).toMatchObject([{ tries: 1, status_code: 204, error: null, next_attempt_at: null }]);
  });

  // sabotage: src/control/webhooks/take-events.ts :: await noteEndpoint(tx, endpoint, { cursorSeq: reached }); => await noteEndpoint(tx, endpoint, { cursorSeq: reached + 1 });
  test('no event is skipped or taken twice while writers commit and workers look at once', async () => {
    const { id } = await endpoint({ event_types: ['lead.created'] });
    const writers = Array.from({ length: 40 }, () => lead());
    const lookers = Array.from({ length: 10 }, async (_, n) => {
      await sleep(n * 15);
      await wake();
    });
    const leads = await Promise.all(writers);
    await Promise.all(lookers);
    await wake();
    const rows = await app.database.admin`select e.lead_id from webhook_deliveries d
      join events e on e.tenant_id = d.tenant_id and e.seq = d.event_seq where d.endpoint_id = ${id}`;
    expect(rows.map((row) => row.lead_id).sort()).toEqual(leads.sort());
  });

  test('nothing of another tenant, and nothing from before the endpoint was made', async () => {
    const stranger = await createTenant(app.database);
    await lead();
    const mine = await endpoint();
    const theirs = await endpoint({}, stranger);
    const id = await lead();
    const deps = { db: app.database.db, start: async () => {}, warn: () => {} };
    await wakeAll(deps);
    await deliver(mine.id);
    await deliver(theirs.id, TIMES, deliverer(), stranger);
    expect(receiver.at(mine.path).map(({ body }) => JSON.parse(body).data.lead_id)).toEqual([id]);
    expect(receiver.at(theirs.path)).toEqual([]);
    expect(await deliveries('', stranger)).toEqual([]);
    await expect(deliver(mine.id, TIMES, deliverer(), stranger)).resolves.toMatchObject({ wait_ms: null });
  });

  test('a secret is rotated: both sign until the overlap ends, then the old one does not', async () => {
    const { id, secret, path } = await endpoint();
    const rotated = await ask('POST', `${endpoints}/${id}/rotate-secret`, { overlap_seconds: 3 });
    expect(rotated.status, rotated.text).toBe(200);
    await lead();
    await wake();
    await deliver(id);
    const [during] = receiver.at(path);
    expect(during!.headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/);
    for (const one of [secret, rotated.body.secret]) expect(verified(one, during!).type).toBe('lead.created');
    await sleep(Date.parse(rotated.body.previous_secret_until) - Date.now() + 50);
    await lead();
    await wake();
    await deliver(id);
    const after = receiver.at(path)[1]!;
    expect(verified(rotated.body.secret, after).type).toBe('lead.created');
    expect(() => verified(secret, after)).toThrow('No matching signature');
  });
});

describe('what does not go well', () => {
  // sabotage: src/control/webhooks/settle-attempt.ts :: tries: delivery.tries + 1, => tries: 1,
  test('a failure is tried again after each pause with the same id, and given up after the last', async () => {
    const { id, path, secret } = await endpoint();
    receiver.answer(path, 500);
    await lead();
    await wake();
    let pass = await deliver(id);
    while (pass.wait_ms !== null) {
      await sleep(pass.wait_ms);
      pass = await deliver(id);
    }
    expect(receiver.at(path)).toHaveLength(3);
    expect(new Set(receiver.at(path).map((one) => one.id)).size).toBe(1);
    for (const one of receiver.at(path)) verified(secret, one);
    const [row] = await deliveries();
    expect(row).toMatchObject({ status: 'failed', tries: 3, status_code: 500, error: 'http_status' });
    const detail = await ask('GET', `/v1/webhook-deliveries/${row.id}`);
    expect(detail.body.attempts).toHaveLength(3);
    expect(detail.body.attempts[0]).toMatchObject({ status_code: 500, duration_ms: expect.any(Number) });
    expect((await ask('GET', `${endpoints}/${id}`)).body.failing_since).not.toBeNull();
  });

  test('one delivery, or all that failed, is sent again with its id, and a test event on top', async () => {
    const { id, path, secret } = await endpoint({ event_types: ['lead.created'] });
    receiver.answer(path, 500);
    await lead();
    await lead();
    await wake();
    await deliver(id, { ...TIMES, retry_delays_ms: [] });
    const [row] = await deliveries('status=failed');
    receiver.answer(path, 200);
    const again = await ask('POST', `/v1/webhook-deliveries/${row.id}/resend`);
    expect([again.status, again.body.status, again.body.tries]).toEqual([202, 'pending', 0]);
    await deliver(id);
    const since = new Date(Date.now() - 60_000).toISOString();
    const rest = await ask('POST', `${endpoints}/${id}/resend-failed`, { since });
    expect(rest.body).toEqual({ resent: 1 });
    const later = await ask('POST', `${endpoints}/${id}/resend-failed`, { since: '2999-01-01T00:00:00Z' });
    expect(later.body).toEqual({ resent: 0 });
    expect((await ask('POST', `${endpoints}/${id}/test`)).status).toBe(202);
    expect(await wake()).toEqual([id]);
    await deliver(id);
    expect(receiver.at(path)).toHaveLength(5);
    const last = receiver.at(path).map((one) => verified(secret, one));
    expect(last.map(({ type }) => type).sort()).toEqual([...Array(4).fill('lead.created'), 'webhook.test']);
    expect(await deliveries('status=failed')).toEqual([]);
    expect((await ask('GET', `${endpoints}/${id}`)).body.failing_since).toBeNull();
  });

  // sabotage: src/control/webhooks/settle-attempt.ts :: if (delivery && isAsBefore(done.delivery, delivery)) await settleDelivery(tx, work, delivery, sent); => await settleDelivery(tx, work, done.delivery, sent);
  test.each([
    ['fails', 500],
    ['succeeds', 204],
  ])(
    'a delivery that is sent again while its last attempt %s goes out again, with all its attempts',
    async (_, status) => {
      const { id, path } = await endpoint({ event_types: ['lead.created'] });
      receiver.answer(path, 500);
      await lead();
      await wake();
      const times = { ...TIMES, retry_delays_ms: [50] };
      await deliver(id, times);
      const [row] = await deliveries();
      receiver.answer(path, async (_received, response, nth) => {
        if (nth === 2) await ask('POST', `/v1/webhook-deliveries/${row.id}/resend`);
        response.writeHead(nth === 2 ? status : 204).end();
      });
      await sleep(100);
      await deliver(id, times);
      expect(receiver.at(path)).toHaveLength(3);
      expect(await deliveries()).toMatchObject([{ status: 'delivered', tries: 1 }]);
      const { attempts } = (await ask('GET', `/v1/webhook-deliveries/${row.id}`)).body;
      expect(attempts.map((one: Json) => one.status_code)).toEqual([204, status, 500]);
    },
  );

  // sabotage: src/control/webhooks/settle-attempt.ts :: if (statusCode === GONE) return disable(tx, endpoint, { reason: 'gone', now }); =>
  test('410 disables the endpoint at once, with its reason in the event log and the audit log', async () => {
    const { id, path } = await endpoint();
    const witness = await endpoint({ event_types: ['webhook_endpoint.disabled'] });
    receiver.answer(path, 410);
    await lead();
    await wake();
    await expect(deliver(id)).resolves.toMatchObject({ wait_ms: null });
    const { body } = await ask('GET', `${endpoints}/${id}`);
    expect(body).toMatchObject({ status: 'disabled', disabled_reason: 'gone' });
    await lead();
    expect(await wake()).toEqual([witness.id]);
    await deliver(witness.id);
    const [notice] = receiver.at(witness.path).map((one) => verified(witness.secret, one));
    expect(notice!.data).toMatchObject({ data: { endpoint_id: id, reason: 'gone' } });
    const audit = await ask('GET', `/v1/audit-log?action=webhook_endpoint.disabled&resource_id=${id}`);
    expect(audit.body.data).toMatchObject([{ details: { reason: 'gone' } }]);
    const refused = await ask('POST', `${endpoints}/${id}/test`);
    expect([refused.status, refused.body.error]).toEqual([409, 'conflict']);
    expect(await deliveries(`endpoint_id=${id}`)).toMatchObject([{ status: 'failed', status_code: 410 }]);
  });

  test('an endpoint that has failed for days is disabled, one that took anything in between is not', async () => {
    const { id, path } = await endpoint();
    const times = { ...TIMES, disable_after_ms: 400 };
    const fail = async () => {
      receiver.answer(path, 500);
      await lead();
      await wake();
      await deliver(id, { ...times, retry_delays_ms: [] });
      return (await ask('GET', `${endpoints}/${id}`)).body;
    };
    expect((await fail()).status).toBe('enabled');
    await sleep(450);
    receiver.answer(path, 200);
    await ask('POST', `${endpoints}/${id}/test`);
    await deliver(id, times);
    expect(await fail()).toMatchObject({ status: 'enabled', failing_since: expect.any(String) });
    await sleep(450);
    expect(await fail()).toMatchObject({ status: 'disabled', disabled_reason: 'failing' });
  });

  // sabotage: src/control/webhooks/settle-attempt.ts :: await noteEndpoint(tx, endpoint, { failingSince: since, lastFailedAt: now, pausedUntil }); => await noteEndpoint(tx, endpoint, { failingSince: since, lastFailedAt: since, pausedUntil });
  test('what failed long ago, with nothing due since, does not count towards disabling; each failure does', async () => {
    const { id, path } = await endpoint();
    receiver.answer(path, 500);
    const failAfter = async (ms: number, disableAfterMs: number) => {
      await sleep(ms);
      await lead();
      await wake();
      await deliver(id, { retry_delays_ms: [], disable_after_ms: disableAfterMs, timeout_ms: 1_000 });
      return (await ask('GET', `${endpoints}/${id}`)).body;
    };
    const first = await failAfter(0, 500);
    const second = await failAfter(1_100, 500);
    expect(second.status).toBe('enabled');
    expect(second.failing_since > first.failing_since).toBe(true);
    expect(await failAfter(700, 1_300)).toMatchObject({
      status: 'enabled',
      failing_since: second.failing_since,
    });
    expect(await failAfter(700, 1_300)).toMatchObject({ status: 'disabled', disabled_reason: 'failing' });
  });

  // sabotage: src/control/webhooks/change-endpoints.ts :: return url === endpoint.url ? {} : { url, ...HEALTHY }; => return { url };
  // sabotage: src/control/webhooks/settle-attempt.ts :: if (endpoint?.url === done.endpoint.url) await settleEndpoint(tx, work, endpoint, { ...sent, now }); => if (endpoint) await settleEndpoint(tx, work, endpoint, { ...sent, now });
  test('an endpoint that moves begins anew: nothing that the old address answers is held against it', async () => {
    const { id, path } = await endpoint();
    receiver.answer(path, 500);
    await lead();
    await wake();
    await deliver(id, { ...TIMES, retry_delays_ms: [50] });
    const moving = { url: receiver.url(`${path}-new`) };
    receiver.answer(path, async (_, response) => {
      await ask('PATCH', `${endpoints}/${id}`, moving);
      response.writeHead(410).end();
    });
    expect((await ask('GET', `${endpoints}/${id}`)).body.failing_since).not.toBeNull();
    await sleep(100);
    // Nothing goes to the new address yet: a success there would clear everything as well.
    await deliver(id, { ...TIMES, retry_delays_ms: [50, 60_000] });
    expect((await ask('GET', `${endpoints}/${id}`)).body).toMatchObject({
      ...moving,
      status: 'enabled',
      failing_since: null,
    });
  });

  test.each([429, 503])(
    '%i with Retry-After leaves the endpoint alone for as long as it asks',
    async (status) => {
      const { id, path } = await endpoint();
      receiver.answer(path, (_, response) => void response.writeHead(status, { 'retry-after': '1' }).end());
      await lead();
      await wake();
      const times = { ...TIMES, retry_delays_ms: [1, 5_000] };
      const { wait_ms: waitMs } = await deliver(id, times);
      expect(waitMs).toBeGreaterThan(500);
      expect(waitMs).toBeLessThanOrEqual(1_000);
      receiver.answer(path, 200);
      await lead();
      await wake();
      await expect(deliver(id, times), 'nothing else goes there meanwhile').resolves.toMatchObject({
        delivered: 0,
      });
      await sleep(waitMs!);
      await expect(deliver(id, times)).resolves.toMatchObject({ delivered: 2, failed: 0 });
    },
  );

  test('redirects, silence and addresses that turn private are failures that say so', async () => {
    const { id, path } = await endpoint();
    receiver.answer(path, (_, response) => {
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end('moved');
    });
    await lead();
    await wake();
    const once = { ...TIMES, retry_delays_ms: [], timeout_ms: 300 };
    const result = async (deps = deliverer()) => {
      await deliver(id, once, deps);
      const [row] = await deliveries(`endpoint_id=${id}`);
      await ask('POST', `/v1/webhook-deliveries/${row.id}/resend`);
      return [row.status_code, row.error];
    };
    expect(await result()).toEqual([302, 'redirect']);
    receiver.answer(path, () => {});
    expect(await result()).toEqual([null, 'timeout']);
    const rebound = createEgressGuard({
      allowTargets: undefined,
      resolve: async () => [{ address: '10.1.2.3', family: 4 }],
    });
    await app.database.admin`update webhook_endpoints set url = 'http://rebind.example/' where id = ${id}`;
    const post = createGuardedPost({ guard: rebound, clock: systemClock, httpsOnly: false });
    expect(await result({ ...deliverer(), post })).toEqual([null, 'target_forbidden']);
    expect(receiver.at(path)).toHaveLength(2);
  });

  // sabotage: src/control/webhooks/attempt.ts :: before.filter((one) => one !== null) => before as string[]
  test('with another server secret nothing is sent; an endpoint with a new secret goes on at once', async () => {
    const { id, path } = await endpoint();
    const before = createSecretSeal(`the one before ${TEST_SECRET}`).seal('whsec_b2xk', id);
    await app.database.admin`update webhook_secrets set sealed = ${before} where endpoint_id = ${id}`;
    await lead();
    await wake();
    await deliver(id, { ...TIMES, retry_delays_ms: [3_600_000] });
    expect(await deliveries()).toMatchObject([{ status: 'pending', error: 'secret_unreadable' }]);
    expect(receiver.at(path)).toEqual([]);
    const { body } = await ask('POST', `${endpoints}/${id}/rotate-secret`);
    const [row] = await deliveries();
    await ask('POST', `/v1/webhook-deliveries/${row.id}/resend`);
    await deliver(id);
    expect(verified(body.secret, receiver.at(path)[0]!).type).toBe('lead.created');
  });

  test('what a receiver answers is kept in short, without what looks like a secret', async () => {
    const { id, path } = await endpoint();
    receiver.answer(path, (_, response) => {
      response.writeHead(400).end(`\u0000 password=hunter2hunter2 ${'long '.repeat(10_000)}`);
    });
    await lead();
    await wake();
    await deliver(id);
    const [row] = await deliveries();
    const { attempts } = (await ask('GET', `/v1/webhook-deliveries/${row.id}`)).body;
    expect(attempts[0].response_excerpt.length).toBeLessThan(1_100);
    expect(attempts[0].response_excerpt).not.toContain('hunter2');
  });
});

describe('when nothing may be delivered', () => {
  // sabotage: src/control/webhooks/attempt.ts :: if (await findObstacle(tx, tenant)) return 'halted'; =>
  test('while the kill switch is on nothing begins; afterwards what was due goes out', async () => {
    const { id, path } = await endpoint();
    await lead();
    await wake();
    await ask('POST', '/v1/kill-switches', { reason: 'Stop.' });
    await lead();
    expect(await wake()).toEqual([]);
    await expect(deliver(id)).resolves.toEqual({ delivered: 0, failed: 0, wait_ms: null });
    expect(receiver.at(path)).toEqual([]);
    await ask('POST', '/v1/kill-switches/off');
    expect(await wake()).toEqual([id]);
    await deliver(id);
    expect(receiver.at(path)).toHaveLength(2);
  });

  // sabotage: src/control/webhooks/attempt.ts :: const unwatch = deps.stopWatch.watch({ tenant: work.tenant, onStop: () => stopping.abort() }); => const unwatch = () => {};
  test('a request whose address is still looked up when the kill switch is turned on never begins', async () => {
    const { id, path } = await endpoint({ event_types: ['lead.created'] });
    await lead();
    await wake();
    const [lookedUp, found] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const guard = createEgressGuard({ allowTargets: receiver.allowTargets });
    const resolve: typeof guard.resolve = async (host, port) => {
      lookedUp.resolve();
      await found.promise;
      return guard.resolve(host, port);
    };
    const post = createGuardedPost({ guard: { ...guard, resolve }, clock: systemClock, httpsOnly: false });
    const pass = deliver(id, { ...TIMES, timeout_ms: 20_000 }, { ...deliverer(), post });
    await lookedUp.promise;
    await ask('POST', '/v1/kill-switches', { reason: 'Stop.' });
    await sleep(1_000);
    found.resolve();
    await expect(pass).resolves.toEqual({ delivered: 0, failed: 0, wait_ms: null });
    expect(receiver.at(path)).toEqual([]);
    const [row] = await deliveries();
    expect(row).toMatchObject({ status: 'pending', tries: 0 });
    const { attempts } = (await ask('GET', `/v1/webhook-deliveries/${row.id}`)).body;
    expect(attempts).toMatchObject([{ error: 'interrupted' }]);
    await ask('POST', '/v1/kill-switches/off');
    await deliver(id);
    expect(receiver.at(path)).toHaveLength(1);
  });

  test('a request that is on its way when the kill switch is turned on is broken off, and goes out again', async () => {
    const { id, path } = await endpoint({ event_types: ['lead.created'] });
    await lead();
    await wake();
    receiver.answer(path, async (_received, response, nth) => {
      if (nth === 1) return void (await ask('POST', '/v1/kill-switches', { reason: 'Stop.' }));
      response.writeHead(204).end();
    });
    const startedAt = performance.now();
    await expect(deliver(id, { ...TIMES, timeout_ms: 20_000 })).resolves.toMatchObject({ failed: 0 });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    await ask('POST', '/v1/kill-switches/off');
    await deliver(id);
    expect(new Set(receiver.at(path).map((one) => one.id)).size).toBe(1);
    expect(await deliveries()).toMatchObject([{ status: 'delivered', tries: 1 }]);
  });

  test('a suspended tenant gets none, nor does one whose machine has the stop file', async () => {
    const { id, path } = await endpoint();
    await lead();
    await wake();
    const stopFile = createStopFile(join(app.assetsDir, 'stop'));
    await stopFile.write({ reason: 'a test', by: 'us', at: new Date() });
    await deliver(id);
    await stopFile.remove();
    await app.database.admin`update tenants set status = 'suspended' where id = ${tenant.id}`;
    expect(await wake()).toEqual([]);
    await deliver(id);
    expect(receiver.at(path)).toEqual([]);
    await app.database.admin`update tenants set status = 'active' where id = ${tenant.id}`;
    await deliver(id);
    expect(receiver.at(path)).toHaveLength(1);
  });

  test('a disabled endpoint gives up what was pending, and begins again with what happens then', async () => {
    const { id, path } = await endpoint();
    await lead();
    await wake();
    await ask('PATCH', `${endpoints}/${id}`, { enabled: false });
    expect(await deliveries(`endpoint_id=${id}`)).toMatchObject([
      { status: 'failed', error: 'endpoint_disabled' },
    ]);
    await lead();
    await ask('PATCH', `${endpoints}/${id}`, { enabled: true });
    const last = await lead();
    await wake();
    await deliver(id);
    expect(receiver.at(path).map(({ body }) => JSON.parse(body).data.lead_id)).toEqual([last]);
  });
});
