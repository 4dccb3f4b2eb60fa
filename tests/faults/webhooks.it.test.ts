import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSecretSeal } from '../../src/control/webhooks/seal.ts';
import { createEgressGuard } from '../../src/runtime/egress/guard.ts';
import { createTestApp, TEST_ASSETS_ORIGIN, TEST_SECRET, type TestApp } from '../support/app.ts';
import { insertLead } from '../support/rows.ts';
import { repetitions } from '../support/seeds.ts';
import { createTenant } from '../support/tenant.ts';
import { startWebhookReceiver, verified, type WebhookReceiver } from '../support/webhook-receiver.ts';
import { startTestServer, type TestServer } from '../temporal/support/server.ts';
import { type Service, startService } from './support/service.ts';

const EVENTS = 30;

let app: TestApp;
let server: TestServer;
let receiver: WebhookReceiver;
let worker: Service;
beforeAll(async () => {
  [server, receiver] = await Promise.all([startTestServer(), startWebhookReceiver()]);
  const { isAllowed } = createEgressGuard({ allowTargets: receiver.allowTargets });
  app = await createTestApp({
    webhooks: { isAllowed, httpsOnly: false, seal: createSecretSeal(TEST_SECRET) },
  });
  worker = startWorker();
  await worker.serving;
});
afterAll(async () => {
  await worker?.kill();
  await server?.stop();
  await app?.close();
  await receiver?.close();
});

function startWorker(): Service {
  const { info } = app.database;
  const environment = {
    AGOS_ENV: 'development',
    AGOS_QUEUES: 'workflows,core,outbound',
    TEMPORAL_ADDRESS: server.address,
    DATABASE_URL: info.url,
    DATABASE_SYSTEM_URL: info.systemUrl,
    AGOS_ASSETS_DIR: app.assetsDir,
    AGOS_ASSETS_URL: TEST_ASSETS_ORIGIN,
    AGOS_SIGNING_SECRET: TEST_SECRET,
    AGOS_ALLOW_TARGETS: receiver.allowTargets,
  };
  return startService('temporal/main.ts', environment, 'worker is serving');
}

// Each round kills the worker in the middle of a request, and Temporal with it in every second one.
test.each(Array.from({ length: repetitions(1) }, (_, index) => index + 1))(
  'a worker killed while it delivers, seed %i: every event arrives, and once for who tells them by webhook-id',
  async (seed) => {
    // sabotage: src/control/webhooks/rules.ts :: healthy: 4, => healthy: 40,
    // sabotage: src/control/webhooks/attempt.ts :: id: delivery.eventId, => id: crypto.randomUUID(),
    const tenant = await createTenant(app.database);
    const path = `/seed-${seed}`;
    const headers = tenant.keys.admin.headers;
    const json = { url: receiver.url(path), event_types: ['lead.created'] };
    const made = await app.request('POST', '/v1/webhook-endpoints', { headers, json });
    const inFlight = Promise.withResolvers<void>();
    const nth = 3 + seed * 4;
    // From then on nothing is answered until the worker is gone.
    let hangs = true;
    receiver.answer(path, (_, response, count) => {
      if (count >= nth && hangs) return inFlight.resolve();
      response.writeHead(200).end();
    });
    const owner = { tenant: tenant.id, createdBy: tenant.keys.owner.id };
    const leads: string[] = [];
    for (let n = 0; n < EVENTS; n += 1) leads.push(await insertLead(app.database, owner));
    await inFlight.promise;
    await worker.kill();
    hangs = false;
    if (seed % 2 === 0) await server.kill();
    leads.push(await insertLead(app.database, owner));
    if (seed % 2 === 0) await server.restart();
    worker = startWorker();
    await worker.serving;
    const unique = () => new Set(receiver.at(path).map(({ id }) => id));
    await expect.poll(() => unique().size, { timeout: 90_000, interval: 100 }).toBe(EVENTS + 1);
    const pending = async () => {
      const [row] = await app.database.admin`select count(*)::int as n from webhook_deliveries
        where tenant_id = ${tenant.id} and status <> 'delivered'`;
      return row!.n;
    };
    await expect.poll(pending, { timeout: 30_000 }).toBe(0);
    await sleep(500);
    const firsts = [...unique()].map((id) => receiver.at(path).find((one) => one.id === id)!);
    const arrived = firsts.map(
      (one) => (verified(made.body.secret, one).data as { lead_id: string }).lead_id,
    );
    expect(arrived.sort()).toEqual(leads.sort());
    const repeated = receiver.at(path).length - (EVENTS + 1);
    console.log(`seed ${seed}: ${repeated} of ${EVENTS + 1} arrived twice`);
    expect(repeated, 'only what was in flight is repeated').toBeLessThanOrEqual(4);
  },
  180_000,
);
