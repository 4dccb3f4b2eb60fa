import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { createStopFile } from '../../src/control/kill-switch/stop-file.ts';
import { createStopWatch } from '../../src/control/kill-switch/watch-stops.ts';
import { deliverDue } from '../../src/control/webhooks/deliver-due.ts';
import type { DeliveryTimes } from '../../src/control/webhooks/rules.ts';
import { createSecretSeal } from '../../src/control/webhooks/seal.ts';
import { wakeTenant } from '../../src/control/webhooks/wake.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { createEgressGuard } from '../../src/runtime/egress/guard.ts';
import { createGuardedPost } from '../../src/runtime/egress/post.ts';
import { createTestApp, TEST_SECRET, type TestApp } from './app.ts';
import { insertLead } from './rows.ts';
import { createTenant, type TestTenant } from './tenant.ts';
import { startWebhookReceiver, type WebhookReceiver } from './webhook-receiver.ts';

export type Json = Record<string, unknown>;

export const ENDPOINTS = '/v1/webhook-endpoints';
export const TIMES: DeliveryTimes = {
  retry_delays_ms: [1, 1],
  disable_after_ms: 3_600_000,
  timeout_ms: 2_000,
};

/** Of a whole test file. */
export let app: TestApp;
export let receiver: WebhookReceiver;
/** Of each test. */
export let tenant: TestTenant;

/** Gives the tests of a file an API and a receiver, and each of them a tenant. */
export function useWebhookRoom(): void {
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
}

/** A request of the tenant's administrator. */
export const ask = (
  method: string,
  path: string,
  json?: Json,
  headers: Record<string, string> = {},
  of = tenant,
) => app.request(method, path, { headers: { ...of.keys.admin.headers, ...headers }, ...(json && { json }) });

/** A new endpoint with a path of its own at the receiver. */
export async function endpoint(more: Json = {}, of = tenant) {
  const path = `/in-${Math.random().toString(36).slice(2)}`;
  const made = await ask('POST', ENDPOINTS, { url: receiver.url(path), ...more }, {}, of);
  expect(made.status, made.text).toBe(201);
  return { path, id: made.body.id as string, secret: made.body.secret as string, body: made.body };
}

export const owner = (of = tenant) => ({ tenant: of.id, createdBy: of.keys.owner.id });
export const lead = (of = tenant) => insertLead(app.database, owner(of));

/** What the activity is made of, with real requests. */
export function deliverer(secret = TEST_SECRET) {
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

export const deliver = (endpointId: string, times = TIMES, deps = deliverer(), of = tenant) =>
  deliverDue(deps, { tenant: of.id, endpointId, times }, new AbortController().signal);

/** Takes the tenant's new events; says which endpoints would be delivered to. */
export async function wake(of = tenant): Promise<string[]> {
  const started: string[] = [];
  const start = async ({ endpointId }: { endpointId: string }) => void started.push(endpointId);
  await wakeTenant({ db: app.database.db, start, warn: () => {} }, of.id);
  return started;
}

export const deliveries = async (query = '', of = tenant) =>
  (await ask('GET', `/v1/webhook-deliveries?${query}`, undefined, {}, of)).body.data;
