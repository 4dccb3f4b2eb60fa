import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestActivities } from './support/activities.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { startTestWorker, testClient } from './support/worker.ts';

describe('an activity that throws', () => {
  const seen: string[] = [];
  const reported: unknown[] = [];
  let server: TestServer;
  let worker: { stop(): Promise<void> };
  let client: Client;

  beforeAll(async () => {
    server = await startTestServer();
    const activities = createTestActivities(seen);
    worker = await startTestWorker({
      target: server.target,
      activities,
      report: (error) => reported.push(error),
    });
    client = testClient(server.target);
  });
  afterAll(async () => {
    await worker?.stop();
    await client?.connection.close();
    await server?.stop();
  });
  beforeEach(() => {
    seen.length = 0;
    reported.length = 0;
  });

  const outcomeOf = (how: string, secret?: string) =>
    client.workflow.execute('failing', {
      workflowId: `failing:${how}`,
      taskQueue: 'workflows',
      args: [{ how, ...(secret === undefined ? {} : { secret }) }],
    });

  test('a site hold is not retried, and the workflow gets the hold itself', async () => {
    await expect(outcomeOf('hold')).resolves.toEqual({
      code: 'domain_parked',
      message: 'The domain is for sale.',
    });
    expect(seen).toEqual(['hold 1']);
  });

  test('a crashed browser gets the site one more try, then the hold is final', async () => {
    await expect(outcomeOf('crash')).resolves.toMatchObject({ code: 'browser_crashed' });
    expect(seen).toEqual(['crash 1', 'crash 2']);
  });

  test.each(['validation_failed', 'not_found', 'permission_denied', 'tenant_context_missing'])(
    'the error %s is final and keeps its code, sentence and details',
    async (code) => {
      await expect(outcomeOf(code)).resolves.toEqual({
        type: `agos.${code}`,
        message: 'As the test asked.',
        details: [{ field: 'how' }],
      });
      expect(seen).toEqual([`${code} 1`]);
    },
  );

  test('a database that is away is tried again until it is back', async () => {
    await expect(outcomeOf('blip')).resolves.toBe(3);
  });

  test('an unknown error is tried five times; its message reaches the log and never the history', async () => {
    const outcome = await outcomeOf('unexpected', 'hunter2');
    expect(outcome).toMatchObject({ type: 'agos.unexpected', message: expect.stringContaining('TypeError') });
    expect(seen).toHaveLength(5);
    expect(reported).toHaveLength(5);
    expect(String(reported[0])).toContain('hunter2');
    const history = await client.workflow.getHandle('failing:unexpected').fetchHistory();
    const failed = history.events?.filter((event) => event.activityTaskFailedEventAttributes);
    expect(failed).toHaveLength(1);
    expect(JSON.stringify(failed)).not.toContain('hunter2');
  });
});
