import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
  app,
  ask,
  deliver,
  deliverer,
  deliveries,
  ENDPOINTS,
  endpoint,
  lead,
  receiver,
  TIMES,
  tenant,
  useWebhookRoom,
  wake,
} from '../../../tests/support/webhook-room.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createEgressGuard } from '../../runtime/egress/guard.ts';
import { createGuardedPost } from '../../runtime/egress/post.ts';
import { newId } from '../../runtime/ids.ts';
import { createStopFile } from '../kill-switch/stop-file.ts';

useWebhookRoom();

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
    const on = Promise.withResolvers<Awaited<ReturnType<typeof ask>>>();
    receiver.answer(path, (_received, response, nth) => {
      if (nth === 1) on.resolve(ask('POST', '/v1/kill-switches', { reason: 'Stop.' }));
      else response.writeHead(204).end();
    });
    const startedAt = performance.now();
    await expect(deliver(id, { ...TIMES, timeout_ms: 20_000 })).resolves.toMatchObject({ failed: 0 });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    const [delivery] = await deliveries();
    expect((await on.promise).body, 'the receipt').toMatchObject({
      complete: true,
      webhooks: {
        acknowledged: [
          { delivery_id: delivery.id, endpoint_id: id, error: 'interrupted', status_code: null },
        ],
        not_stopped: [],
      },
    });
    await ask('POST', '/v1/kill-switches/off');
    await deliver(id);
    expect(new Set(receiver.at(path).map((one) => one.id)).size).toBe(1);
    expect(await deliveries()).toMatchObject([{ status: 'delivered', tries: 1 }]);
  });

  test('the receipt of a switch tells what had been sent before, to whom and how it went', async () => {
    const { id } = await endpoint({ event_types: ['lead.created'] });
    await lead();
    await wake();
    await deliver(id);
    const { body } = await ask('POST', '/v1/kill-switches', { reason: 'Stop.' });
    expect(body).toMatchObject({
      complete: true,
      webhooks: { acknowledged: [], not_stopped: [] },
      already_happened: {
        webhooks: {
          count: 1,
          latest: [{ endpoint_id: id, event_type: 'lead.created', status_code: 204, error: null }],
        },
      },
    });
  });

  // sabotage: src/control/webhooks/attempt.ts :: await loseAttempts(tx, tenant, deliveryId); =>
  // sabotage: src/control/kill-switch/receipt.ts :: return endedAt !== null && error !== 'lost'; => return endedAt !== null;
  test('a request that was lost with its worker is told as such once it is tried again, and as not stopped by a switch before', async () => {
    const { id } = await endpoint({ event_types: ['lead.created'] });
    await lead();
    await wake();
    const [delivery] = await deliveries();
    await app.database.admin`insert into webhook_attempts (tenant_id, id, delivery_id)
      values (${tenant.id}, ${newId()}, ${delivery.id})`;
    const on = await ask('POST', '/v1/kill-switches', { reason: 'Stop.' });
    const notStopped = [{ delivery_id: delivery.id }];
    expect(on.body).toMatchObject({ complete: false, webhooks: { not_stopped: notStopped } });
    await ask('POST', '/v1/kill-switches/off');
    await deliver(id);
    const { attempts } = (await ask('GET', `/v1/webhook-deliveries/${delivery.id}`)).body;
    expect(attempts).toMatchObject([{ status_code: 204 }, { error: 'lost' }]);
    const again = await ask('GET', `/v1/kill-switches/${on.body.kill_switch.id}`);
    expect(again.body.webhooks, 'no worker has said so').toMatchObject({
      acknowledged: [],
      not_stopped: notStopped,
    });
    const second = await ask('POST', '/v1/kill-switches', { reason: 'Stop again.' });
    expect(second.body).toMatchObject({ complete: true, webhooks: { not_stopped: [] } });
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
    await ask('PATCH', `${ENDPOINTS}/${id}`, { enabled: false });
    expect(await deliveries(`endpoint_id=${id}`)).toMatchObject([
      { status: 'failed', error: 'endpoint_disabled' },
    ]);
    await lead();
    await ask('PATCH', `${ENDPOINTS}/${id}`, { enabled: true });
    const last = await lead();
    await wake();
    await deliver(id);
    expect(receiver.at(path).map(({ body }) => JSON.parse(body).data.lead_id)).toEqual([last]);
  });
});
