import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAlertActivities } from '../../activities/control/alerts.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { createDataConverter } from '../../temporal/codec/data-converter.ts';
import { readFailingWorkflows } from '../../temporal/failing-workflows.ts';
import { readQueueDelays } from '../../temporal/queue-reader.ts';
import { exportHistory } from '../../temporal/record-history.ts';
import { EVALUATE_ALERTS_SCHEDULE, ensureSchedules } from '../../temporal/schedules.ts';
import { EVALUATE_ALERTS, EVALUATE_ALERTS_QUEUE } from '../../workflows/control/evaluate-alerts/messages.ts';
import { webhooksWorkflowId } from '../../workflows/control/webhooks/messages.ts';
import { SEARCH_KEYS } from '../../workflows/lib/search-keys.ts';
import { alertsOf, passOver, TEST_ALERT_LIMITS } from '../support/alerts.ts';
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
      failingWorkflows: () => readFailingWorkflows(client, { failures: 3 }),
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

// sabotage: temporal/failing-workflows.ts :: seen.failures >= failures => seen.failures > 1_000
test('a workflow that no run stands for and whose own step fails is told of to who runs the installation', async () => {
  const workflowId = webhooksWorkflowId('a', 'b');
  await client.workflow.start('noSuchWorkflow', {
    workflowId,
    taskQueue: EVALUATE_ALERTS_QUEUE,
    typedSearchAttributes: [{ key: SEARCH_KEYS.area, value: 'control' }],
  });
  const worker = await startWorker();
  try {
    const failing = () => readFailingWorkflows(client, { failures: 1 });
    await expect
      .poll(failing, { timeout: 40_000, interval: 500 })
      .toEqual([{ type: 'noSuchWorkflow', workflowId }]);
    expect(await readFailingWorkflows(client, { failures: 100 })).toEqual([]);
    await passOver(database, { failingWorkflows: failing });
    expect((await alertsOf(database)).at(-1)).toMatchObject({
      kind: 'workflow_task_failing',
      subject: 'noSuchWorkflow',
      status: 'raised',
      count: 1,
      summary: expect.stringContaining(workflowId),
    });
    await passOver(database, { failingWorkflows: async () => null });
    expect((await alertsOf(database)).at(-1), 'no answer ends nothing').toMatchObject({ status: 'raised' });
    await client.workflow.getHandle(workflowId).terminate('A test.');
    await expect.poll(failing, { timeout: 20_000, interval: 500 }).toEqual([]);
    await passOver(database, { failingWorkflows: failing });
    expect((await alertsOf(database)).at(-1)).toMatchObject({ status: 'resolved' });
  } finally {
    await worker.stop();
  }
}, 90_000);
