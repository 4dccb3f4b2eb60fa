import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createRetentionActivities } from '../../activities/control/retention.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { createDataConverter } from '../../temporal/codec/data-converter.ts';
import { exportHistory } from '../../temporal/record-history.ts';
import { ensureSchedules, FORGET_OLD_SCHEDULE } from '../../temporal/schedules.ts';
import { FORGET_OLD, FORGET_OLD_QUEUE } from '../../workflows/control/forget-old/messages.ts';
import { createTestDatabase } from '../support/database.ts';
import { insertLead } from '../support/rows.ts';
import { createTenant } from '../support/tenant.ts';
import { startTestServer } from './support/server.ts';
import { startTestWorker, testClient } from './support/worker.ts';

const WORKFLOWS = join(import.meta.dirname, '../../workflows');
const HISTORIES = join(WORKFLOWS, 'control/forget-old/histories');

test('an hourly Schedule removes what is older than it is kept', async () => {
  const [database, server] = await Promise.all([createTestDatabase(), startTestServer()]);
  onTestFinished(() => database.close());
  onTestFinished(() => server.stop());
  const client = testClient(server.target);
  onTestFinished(() => client.connection.close());
  await ensureSchedules(client);
  const { spec } = await client.schedule.getHandle(FORGET_OLD_SCHEDULE).describe();
  expect(spec.intervals).toMatchObject([{ every: 3_600_000 }]);
  const tenant = await createTenant(database);
  for (let made = 0; made < 3; made += 1) {
    await insertLead(database, { tenant: tenant.id, createdBy: tenant.keys.owner.id });
  }
  await database.admin`update events set at = at - interval '91 days'`;
  const worker = await startTestWorker({
    target: server.target,
    workflowsPath: join(WORKFLOWS, 'index.ts'),
    queues: ['workflows', 'core'],
    activities: createRetentionActivities({
      db: database.db,
      clock: systemClock,
      keep: { eventDays: 90, stepDays: 30, spendDays: 400 },
    }),
  });
  onTestFinished(() => worker.stop());
  const started = { workflowId: 'forgets', taskQueue: FORGET_OLD_QUEUE };
  const handle = await client.workflow.start(FORGET_OLD, started);
  const expected = { events: 2, steps: 0, spend_entries: 0, webhook_deliveries: 0, idempotency_keys: 0 };
  await expect(handle.result()).resolves.toEqual(expected);
  if (process.env.AGOS_RECORD_HISTORIES) {
    await mkdir(HISTORIES, { recursive: true });
    const history = await exportHistory(client, createDataConverter(undefined), 'forgets');
    await writeFile(join(HISTORIES, 'removed.json'), history);
  }
});
