import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createQuotaActivities } from '../../activities/control/quotas.ts';
import { changePlan } from '../../src/control/quotas/change-plan.ts';
import { createDataConverter } from '../../temporal/codec/data-converter.ts';
import { exportHistory } from '../../temporal/record-history.ts';
import { ensureSchedules, OPEN_MONTH_SCHEDULE } from '../../temporal/schedules.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createTenant } from '../support/tenant.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { startTestWorker, testClient } from './support/worker.ts';

const WORKFLOWS = join(import.meta.dirname, '../../workflows');
const HISTORIES = join(WORKFLOWS, 'control/open-month/histories');
const DECEMBER = new Date('2026-12-01T00:00:00Z');

let database: TestDatabase;
let server: TestServer;
let client: Client;
let worker: { stop(): Promise<void> };
beforeAll(async () => {
  [database, server] = await Promise.all([createTestDatabase(), startTestServer()]);
  client = testClient(server.target);
  worker = await startTestWorker({
    target: server.target,
    workflowsPath: join(WORKFLOWS, 'index.ts'),
    queues: ['workflows', 'core'],
    activities: createQuotaActivities({ db: database.db, clock: { now: () => DECEMBER } }),
  });
  await ensureSchedules(client, {
    sweepEveryMs: 3_600_000,
    reconcileEveryMs: 3_600_000,
    wakeWebhooksEveryMs: 3_600_000,
    alertsEveryMs: 3_600_000,
  });
});
afterAll(async () => {
  await worker?.stop();
  await client?.connection.close();
  await server?.stop();
  await database?.close();
});

/** Lets the Schedule act at once, and gives the id of the workflow that it has started. */
async function trigger(): Promise<string> {
  const handle = client.schedule.getHandle(OPEN_MONTH_SCHEDULE);
  const before = (await handle.describe()).info.numActionsTaken;
  await handle.trigger();
  await expect
    .poll(async () => (await handle.describe()).info.numActionsTaken, { timeout: 20_000 })
    .toBe(before + 1);
  const { action } = (await handle.describe()).info.recentActions.at(-1)!;
  return action.workflow.workflowId;
}

const periods = async () => [
  ...(await database.admin`select tenant_id as tenant, granted, used from credit_periods
    where month = '2026-12-01' order by tenant_id`),
];

test('the Schedule acts on the first of each month, and makes up for what it missed', async () => {
  const { spec, policies } = await client.schedule.getHandle(OPEN_MONTH_SCHEDULE).describe();
  expect(spec.calendars).toMatchObject([
    { dayOfMonth: [{ start: 1, end: 1 }], hour: [{ start: 0, end: 0 }], minute: [{ start: 0, end: 0 }] },
  ]);
  expect(policies.catchupWindow).toBe(7 * 86_400_000);
});

test('every tenant gets the credits of its plan once, however often the month is opened', async () => {
  const small = await createTenant(database);
  const large = await createTenant(database);
  await changePlan(database.admin, { tenant: large.id, now: new Date('2026-11-24Z'), plan: 'dominance' });
  const expected = [
    { tenant: small.id, granted: 1_250, used: 0 },
    { tenant: large.id, granted: 4_500, used: 0 },
  ].sort((a, b) => (a.tenant < b.tenant ? -1 : 1));
  const first = await trigger();
  await expect(client.workflow.getHandle(first).result()).resolves.toEqual({
    month: '2026-12-01',
    tenants: 2,
    opened: 2,
  });
  expect(await periods()).toEqual(expected);
  await database.admin`update credit_periods set used = 7 where tenant_id = ${small.id}`;
  const again = await trigger();
  await expect(client.workflow.getHandle(again).result()).resolves.toMatchObject({ opened: 0 });
  expect(await periods()).toEqual(expected.map((one) => ({ ...one, used: one.tenant === small.id ? 7 : 0 })));
  if (process.env.AGOS_RECORD_HISTORIES) {
    await mkdir(HISTORIES, { recursive: true });
    const history = await exportHistory(client, createDataConverter(undefined), first);
    await writeFile(join(HISTORIES, 'opened.json'), history);
  }
}, 60_000);
