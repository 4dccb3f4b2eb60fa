import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWebhookActivities } from '../../activities/control/webhooks.ts';
import { createStopFile } from '../../src/control/kill-switch/stop-file.ts';
import { createStopWatch } from '../../src/control/kill-switch/watch-stops.ts';
import type { DeliveryTimes } from '../../src/control/webhooks/rules.ts';
import { createSecretSeal } from '../../src/control/webhooks/seal.ts';
import { wakeWhenHeard } from '../../src/control/webhooks/wake.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { createEgressGuard } from '../../src/runtime/egress/guard.ts';
import { createGuardedPost } from '../../src/runtime/egress/post.ts';
import { createDataConverter } from '../../temporal/codec/data-converter.ts';
import { exportHistory } from '../../temporal/record-history.ts';
import { ensureSchedules, WAKE_WEBHOOKS_SCHEDULE } from '../../temporal/schedules.ts';
import { createWebhookStarter } from '../../temporal/webhooks.ts';
import { webhooksWorkflowId } from '../../workflows/control/webhooks/messages.ts';
import { createTestApp, TEST_SECRET, type TestApp } from '../support/app.ts';
import { insertLead, insertWebhookDelivery } from '../support/rows.ts';
import { createTenant, type TestTenant } from '../support/tenant.ts';
import { startWebhookReceiver, verified, type WebhookReceiver } from '../support/webhook-receiver.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { startTestWorker, testClient } from './support/worker.ts';

const WORKFLOWS = join(import.meta.dirname, '../../workflows');
const HISTORIES = join(WORKFLOWS, 'control/webhooks/histories');
/** The same workflow with short pauses. */
const TIMES: DeliveryTimes = {
  retry_delays_ms: [100, 400, 900],
  disable_after_ms: 60_000,
  timeout_ms: 20_000,
};

let app: TestApp;
let server: TestServer;
let client: Client;
let receiver: WebhookReceiver;
let worker: { stop(): Promise<void> };
let tenant: TestTenant;
beforeAll(async () => {
  [server, receiver] = await Promise.all([startTestServer(), startWebhookReceiver()]);
  const guard = createEgressGuard({ allowTargets: receiver.allowTargets });
  const seal = createSecretSeal(TEST_SECRET);
  app = await createTestApp({ webhooks: { isAllowed: guard.isAllowed, httpsOnly: false, seal } });
  client = testClient(server.target);
  const { db } = app.database;
  const start = createWebhookStarter(client, TIMES);
  const post = createGuardedPost({ guard, clock: systemClock, httpsOnly: false });
  const stopFile = createStopFile(join(app.assetsDir, 'stop'));
  worker = await startTestWorker({
    target: server.target,
    workflowsPath: join(WORKFLOWS, 'index.ts'),
    queues: ['workflows', 'core', 'outbound'],
    activities: createWebhookActivities({
      db,
      clock: systemClock,
      post,
      seal,
      stopFile,
      stopWatch: createStopWatch({ db, stopFile }),
      start,
    }),
  });
  await ensureSchedules(client, {
    sweepEveryMs: 3_600_000,
    reconcileEveryMs: 3_600_000,
    wakeWebhooksEveryMs: 3_600_000,
    alertsEveryMs: 3_600_000,
  });
  wakeWhenHeard({ db, start, warn: () => {} });
  tenant = await createTenant(app.database);
});
afterAll(async () => {
  await worker?.stop();
  await client?.connection.close();
  await server?.stop();
  await app?.close();
  await receiver?.close();
});

const ask = (method: string, path: string, json?: object) =>
  app.request(method, path, { headers: tenant.keys.admin.headers, ...(json && { json }) });
async function endpoint(path: string) {
  const made = await ask('POST', '/v1/webhook-endpoints', {
    url: receiver.url(path),
    event_types: ['lead.created'],
  });
  expect(made.status, made.text).toBe(201);
  const id = made.body.id as string;
  const handle = client.workflow.getHandle(webhooksWorkflowId(tenant.id, id));
  return { id, secret: made.body.secret as string, handle };
}
const lead = () => insertLead(app.database, { tenant: tenant.id, createdBy: tenant.keys.owner.id });
const until = (path: string, n: number) =>
  expect.poll(() => receiver.at(path).length, { timeout: 30_000, interval: 20 }).toBe(n);

async function record(workflowId: string, name: string): Promise<void> {
  if (!process.env.AGOS_RECORD_HISTORIES) return;
  await mkdir(HISTORIES, { recursive: true });
  const history = await exportHistory(client, createDataConverter(undefined), workflowId);
  await writeFile(join(HISTORIES, `${name}.json`), history);
}

test('an event wakes its endpoint at once; the workflow ends when nothing is owed', async () => {
  const { secret, handle } = await endpoint('/prompt');
  const id = await lead();
  await until('/prompt', 1);
  expect(verified(secret, receiver.at('/prompt')[0]!).data).toMatchObject({ lead_id: id });
  await expect(handle.result()).resolves.toEqual({ delivered: 1, failed: 0 });
  const { events } = await handle.fetchHistory();
  expect(events!.length, 'what one delivery costs').toBeLessThan(15);
  const told = JSON.stringify(events);
  expect(told).not.toContain(secret.slice(6));
  await record(handle.workflowId, 'delivered');
}, 60_000);

// sabotage: workflows/control/webhooks/workflow.ts :: await condition(() => woken, waitMs); =>
test('a delivery that fails is tried again after each pause of the schedule, by a timer of the workflow', async () => {
  const { handle } = await endpoint('/retried');
  receiver.answer('/retried', (_, response, nth) => void response.writeHead(nth < 4 ? 500 : 200).end());
  await lead();
  await until('/retried', 4);
  await expect(handle.result()).resolves.toEqual({ delivered: 1, failed: 3 });
  const times = receiver.at('/retried').map(({ at }) => at);
  const pauses = times.slice(1).map((at, n) => at - times[n]!);
  for (const [n, pause] of pauses.entries()) expect(pause).toBeGreaterThanOrEqual(TIMES.retry_delays_ms[n]!);
  expect(new Set(receiver.at('/retried').map(({ id }) => id)).size).toBe(1);
  const { events } = await handle.fetchHistory();
  const timers = events!.flatMap((event) => event.timerStartedEventAttributes ?? []);
  // On a loaded machine the shorter pauses are over before there is a timer for them.
  expect(timers.length).toBeGreaterThanOrEqual(1);
  await record(handle.workflowId, 'retried');
}, 60_000);

test('a slow endpoint delays no other one', async () => {
  const { handle: slow } = await endpoint('/slow');
  const { handle: quick } = await endpoint('/quick');
  const [begun, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  receiver.answer('/slow', async (_, response) => {
    begun.resolve();
    await answered.promise;
    response.writeHead(200).end();
  });
  await lead();
  await begun.promise;
  await lead();
  await until('/quick', 2);
  await quick.result();
  expect(receiver.at('/slow'), 'the slow one is still at its first').toHaveLength(1);
  answered.resolve();
  await until('/slow', 2);
  await slow.result();
}, 60_000);

// sabotage: workflows/control/webhooks/workflow.ts :: woken = true; =>
test('a new event is delivered at once while an old one waits for its next attempt', async () => {
  const { id, secret, handle } = await endpoint('/waiting');
  receiver.answer('/waiting', (_, response, nth) => void response.writeHead(nth === 1 ? 500 : 200).end());
  const owner = { tenant: tenant.id, createdBy: tenant.keys.owner.id };
  const old = await insertWebhookDelivery(app.database, owner, id);
  await app.database.admin`update webhook_deliveries set status = 'pending' where id = ${old}`;
  const inAnHour = { ...TIMES, retry_delays_ms: [3_600_000] };
  await createWebhookStarter(client, inAnHour)({ tenant: tenant.id, endpointId: id });
  await until('/waiting', 1);
  await lead();
  await until('/waiting', 2);
  expect(verified(secret, receiver.at('/waiting')[1]!).type).toBe('lead.created');
  await record(handle.workflowId, 'waiting');
  await handle.terminate('the test is over');
}, 60_000);

test('the Schedule finds what no notification told of', async () => {
  const { id } = await endpoint('/unheard');
  // As if the event had been committed while nobody listened: it is there, and the cursor behind it.
  await ask('PATCH', `/v1/webhook-endpoints/${id}`, { enabled: false });
  const heard = receiver.at('/prompt').length;
  await lead();
  await until('/prompt', heard + 1);
  await app.database.admin`update webhook_endpoints set status = 'enabled', disabled_reason = null,
    disabled_at = null where id = ${id}`;
  expect(receiver.at('/unheard')).toEqual([]);
  const schedule = client.schedule.getHandle(WAKE_WEBHOOKS_SCHEDULE);
  await schedule.trigger();
  await until('/unheard', 1);
  const { recentActions } = (await schedule.describe()).info;
  const { workflowId } = recentActions.at(-1)!.action.workflow;
  await expect(client.workflow.getHandle(workflowId).result()).resolves.toMatchObject({ tenants: 1 });
  await record(workflowId, 'woken');
}, 60_000);
