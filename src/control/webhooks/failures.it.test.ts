import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { TEST_SECRET } from '../../../tests/support/app.ts';
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
  receiver,
  TIMES,
  useWebhookRoom,
  wake,
} from '../../../tests/support/webhook-room.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createEgressGuard } from '../../runtime/egress/guard.ts';
import { createGuardedPost } from '../../runtime/egress/post.ts';
import { createSecretSeal } from './seal.ts';

useWebhookRoom();

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
    expect((await ask('GET', `${ENDPOINTS}/${id}`)).body.failing_since).not.toBeNull();
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
    const rest = await ask('POST', `${ENDPOINTS}/${id}/resend-failed`, { since });
    expect(rest.body).toEqual({ resent: 1 });
    const later = await ask('POST', `${ENDPOINTS}/${id}/resend-failed`, { since: '2999-01-01T00:00:00Z' });
    expect(later.body).toEqual({ resent: 0 });
    expect((await ask('POST', `${ENDPOINTS}/${id}/test`)).status).toBe(202);
    expect(await wake()).toEqual([id]);
    await deliver(id);
    expect(receiver.at(path)).toHaveLength(5);
    const last = receiver.at(path).map((one) => verified(secret, one));
    expect(last.map(({ type }) => type).sort()).toEqual([...Array(4).fill('lead.created'), 'webhook.test']);
    expect(await deliveries('status=failed')).toEqual([]);
    expect((await ask('GET', `${ENDPOINTS}/${id}`)).body.failing_since).toBeNull();
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
    const { body } = await ask('GET', `${ENDPOINTS}/${id}`);
    expect(body).toMatchObject({ status: 'disabled', disabled_reason: 'gone' });
    await lead();
    expect(await wake()).toEqual([witness.id]);
    await deliver(witness.id);
    const [notice] = receiver.at(witness.path).map((one) => verified(witness.secret, one));
    expect(notice!.data).toMatchObject({ data: { endpoint_id: id, reason: 'gone' } });
    const audit = await ask('GET', `/v1/audit-log?action=webhook_endpoint.disabled&resource_id=${id}`);
    expect(audit.body.data).toMatchObject([{ details: { reason: 'gone' } }]);
    const refused = await ask('POST', `${ENDPOINTS}/${id}/test`);
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
      return (await ask('GET', `${ENDPOINTS}/${id}`)).body;
    };
    expect((await fail()).status).toBe('enabled');
    await sleep(450);
    receiver.answer(path, 200);
    await ask('POST', `${ENDPOINTS}/${id}/test`);
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
      return (await ask('GET', `${ENDPOINTS}/${id}`)).body;
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
      await ask('PATCH', `${ENDPOINTS}/${id}`, moving);
      response.writeHead(410).end();
    });
    expect((await ask('GET', `${ENDPOINTS}/${id}`)).body.failing_since).not.toBeNull();
    await sleep(100);
    // Nothing goes to the new address yet: a success there would clear everything as well.
    await deliver(id, { ...TIMES, retry_delays_ms: [50, 60_000] });
    expect((await ask('GET', `${ENDPOINTS}/${id}`)).body).toMatchObject({
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
    const { body } = await ask('POST', `${ENDPOINTS}/${id}/rotate-secret`);
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
