import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createTestApp, TEST_SECRET } from '../../../tests/support/app.ts';
import { insertBatch } from '../../../tests/support/rows.ts';
import { createTenant } from '../../../tests/support/tenant.ts';
import { verified } from '../../../tests/support/webhook-receiver.ts';
import {
  app,
  ask,
  deliver,
  deliverer,
  deliveries,
  ENDPOINTS,
  endpoint,
  type Json,
  lead,
  owner,
  receiver,
  TIMES,
  tenant,
  useWebhookRoom,
  wake,
} from '../../../tests/support/webhook-room.ts';
import { MAX_ENDPOINTS } from './rules.ts';
import { createSecretSeal } from './seal.ts';
import { wakeAll } from './wake.ts';

useWebhookRoom();

describe('endpoints', () => {
  test('the secret is shown once: not in lists, not in a repeated answer, not in the database', async () => {
    const key = { 'idempotency-key': 'once' };
    const input = { url: receiver.url('/once'), description: 'Ours', event_types: ['lead.created'] };
    const made = await ask('POST', ENDPOINTS, input, key);
    expect(made.body).toMatchObject({
      ...input,
      status: 'enabled',
      secret: expect.stringMatching(/^whsec_/),
    });
    const again = await ask('POST', ENDPOINTS, input, key);
    expect(again.body).toMatchObject({ id: made.body.id, secret: '' });
    const rest = [await ask('GET', ENDPOINTS), await ask('GET', `${ENDPOINTS}/${made.body.id}`)];
    for (const answer of rest) expect(answer.text).not.toContain('secret');
    const raw = made.body.secret.slice('whsec_'.length);
    const dump = await app.database.admin`select sealed from webhook_secrets`;
    const stored = await app.database.admin`select body::text from idempotency_keys`;
    expect(JSON.stringify([dump, stored])).not.toContain(raw);
    expect(app.logs.join('\n')).not.toContain(raw);
  });

  test('they are changed by version, disabled and enabled, and deleted', async () => {
    const { id, body } = await endpoint();
    const changed = await ask('PATCH', `${ENDPOINTS}/${id}`, { description: 'New' }, { 'if-match': '"1"' });
    expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"2"']);
    expect(changed.body).toMatchObject({ description: 'New', url: body.url, version: 2 });
    const late = await ask('PATCH', `${ENDPOINTS}/${id}`, { enabled: false }, { 'if-match': '"1"' });
    expect([late.status, late.body.error]).toEqual([412, 'version_mismatch']);
    const off = await ask('PATCH', `${ENDPOINTS}/${id}`, { enabled: false });
    expect(off.body).toMatchObject({ status: 'disabled', disabled_reason: 'by_request' });
    const on = await ask('PATCH', `${ENDPOINTS}/${id}`, { enabled: true });
    expect(on.body).toMatchObject({ status: 'enabled', disabled_reason: null, disabled_at: null });
    expect((await ask('DELETE', `${ENDPOINTS}/${id}`)).status).toBe(204);
    expect((await ask('GET', `${ENDPOINTS}/${id}`)).status).toBe(404);
    expect((await ask('GET', ENDPOINTS)).body.data).toEqual([]);
    const [left] = await app.database.admin`select count(*)::int as n from webhook_secrets
      where endpoint_id = ${id}`;
    expect(left?.n, 'its secrets are gone').toBe(0);
  });

  // sabotage: src/control/webhooks/change-endpoints.ts :: await lockTenant(tx, scope.tenant); =>
  test('a tenant has 20 at most, however many are asked for at once', async () => {
    const many = Array.from({ length: MAX_ENDPOINTS + 5 }, () =>
      ask('POST', ENDPOINTS, { url: receiver.url('/many') }),
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
    const refused = await strict.request('POST', ENDPOINTS, { headers, json: { url } });
    expect([refused.status, refused.body.error]).toEqual([422, code]);
    const { id } = await endpoint();
    const changed = await strict.request('PATCH', `${ENDPOINTS}/${id}`, { headers, json: { url } });
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
    const rotated = await ask('POST', `${ENDPOINTS}/${id}/rotate-secret`, { overlap_seconds: 3 });
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
