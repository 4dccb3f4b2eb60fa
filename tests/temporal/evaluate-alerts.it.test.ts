import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAlertActivities } from '../../activities/control/alerts.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { createDataConverter } from '../../temporal/codec/data-converter.ts';
import { readQueueDelays } from '../../temporal/queue-reader.ts';
import { exportHistory } from '../../temporal/record-history.ts';
import { EVALUATE_ALERTS_SCHEDULE, ensureSchedules } from '../../temporal/schedules.ts';
import { EVALUATE_ALERTS, EVALUATE_ALERTS_QUEUE } from '../../workflows/control/evaluate-alerts/messages.ts';
import { alertsOf, TEST_ALERT_LIMITS } from '../support/alerts.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { TEST_CAPS } from '../support/requests.ts';
import { insertLead } from '../support/rows.ts';
import { createTenant } from '../support/tenant.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { startTestWorker, testClient } from './support/worker.ts';

const WORKFLOWS = join(import.meta.dirname, '../../workflows');
const HISTORIES = join(WORKFLOWS, 'control/evaluate-alerts/histories');

let database: TestDatabase;
let server: TestServer;
let client: Client;
beforeAll(async () => {
  [database, server] = await Promise.all([createTestDatabase(), startTestServer()]);
  client = testClient(server.target);
});
afterAll(async () => {
  await client?.connection.close();
  await server?.stop();
  await database?.close();
});

const startWorker = () =>
  startTestWorker({
    target: server.target,
    workflowsPath: join(WORKFLOWS, 'index.ts'),
    queues: ['workflows', 'core'],
    activities: createAlertActivities({
      db: database.db,
      clock: systemClock,
      caps: TEST_CAPS,
      limits: { ...TEST_ALERT_LIMITS, queueDelayMs: 1_000 },
      queueDelays: () => readQueueDelays(client),
    }),
  });

test('the server tells how long a queue without workers keeps work waiting', async () => {
  const delayOf = async (name: string) =>
    (await readQueueDelays(client))?.find(({ queue }) => queue === name);
  expect(await delayOf('workflows')).toEqual({ queue: 'workflows', waiting: 0, oldestMs: 0 });
  const started = { workflowId: 'waits', taskQueue: EVALUATE_ALERTS_QUEUE };
  await client.workflow.start(EVALUATE_ALERTS, started);
  await expect
    .poll(async () => (await delayOf('workflows'))?.oldestMs, { timeout: 20_000 })
    .toBeGreaterThan(1_000);
  expect(await delayOf('workflows')).toMatchObject({ waiting: 1 });
  expect(await delayOf('browser')).toMatchObject({ waiting: 0, oldestMs: 0 });
});

test('the Schedule makes a pass every half minute, and a missed one is not made up for', async () => {
  await ensureSchedules(client);
  const { spec, policies } = await client.schedule.getHandle(EVALUATE_ALERTS_SCHEDULE).describe();
  expect(spec.intervals).toMatchObject([{ every: 30_000 }]);
  expect(policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 10_000 });
});

test('a pass of the worker raises what stands', async () => {
  const tenant = await createTenant(database);
  const held = { hold_code: 'run_lost', hold_message: 'A test.', hold_since: new Date().toISOString() };
  await insertLead(database, { tenant: tenant.id, createdBy: tenant.keys.owner.id }, held);
  const worker = await startWorker();
  try {
    const handle = client.workflow.getHandle('waits');
    await expect(handle.result()).resolves.toMatchObject({ tenants: 1 });
    await expect
      .poll(() => alertsOf(database, tenant.id), { timeout: 20_000 })
      .toMatchObject([{ kind: 'leads_held', subject: 'run_lost', status: 'raised' }]);
    if (process.env.AGOS_RECORD_HISTORIES) {
      await mkdir(HISTORIES, { recursive: true });
      const history = await exportHistory(client, createDataConverter(undefined), 'waits');
      await writeFile(join(HISTORIES, 'raised.json'), history);
    }
  } finally {
    await worker.stop();
  }
});
