import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createGateway } from '../../temporal/gateway.ts';
import type { Gateway } from '../../temporal/gateway-type.ts';
import { createTestActivities } from './support/activities.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { newPayloadKey, startTestWorker, testClient } from './support/worker.ts';

const WORKFLOW = { workflowType: 'decided', queue: 'workflows', area: 'test' };

describe('an approval', () => {
  const payloadKeys = newPayloadKey('k1');
  const seen: string[] = [];
  let server: TestServer;
  let worker: { stop(): Promise<void> };
  let client: Client;
  let gateway: Gateway;

  beforeAll(async () => {
    server = await startTestServer();
    worker = await startTestWorker({
      target: server.target,
      payloadKeys,
      activities: createTestActivities(seen),
    });
    client = testClient(server.target, payloadKeys);
    gateway = createGateway({ client, workflows: { 'triage-room': WORKFLOW, 'import-leads': WORKFLOW } });
  }, 60_000);
  afterAll(async () => {
    await worker?.stop();
    await client?.connection.close();
    await server?.stop();
  }, 30_000);
  beforeEach(() => {
    seen.length = 0;
  });

  let count = 0;
  async function begin(options: { expiryMs?: number; open?: boolean } = {}): Promise<string> {
    count += 1;
    const workflowId = `decided:${count}`;
    await client.workflow.start('decided', {
      workflowId,
      taskQueue: 'workflows',
      args: [{ expiry_ms: options.expiryMs ?? 60_000 }],
    });
    if (options.open !== false) await gateway.signal(workflowId, 'open', null);
    while (options.open !== false && !(await gateway.query<boolean>(workflowId, 'open'))) await sleep(20);
    return workflowId;
  }
  const resultOf = (workflowId: string) => client.workflow.getHandle(workflowId).result();

  test('answers the decider with what was recorded, and ends the wait', async () => {
    const id = await begin();
    await expect(gateway.update(id, 'decide', { outcome: 'yes', reason: 'looks good' })).resolves.toBe(
      'recorded yes',
    );
    await expect(resultOf(id)).resolves.toEqual({ outcome: 'yes', via: 'update', result: 'recorded yes' });
  });

  test('takes the default when nobody decides in time', async () => {
    const id = await begin({ expiryMs: 300 });
    await expect(resultOf(id)).resolves.toEqual({ outcome: 'no', via: 'expiry', result: 'recorded no' });
  });

  test('is decided by a signal too; what cannot count is dropped', async () => {
    const id = await begin();
    await gateway.signal(id, 'decide_signal', { outcome: 'maybe' });
    await gateway.signal(id, 'decide_signal', null);
    await gateway.signal(id, 'decide_signal', { outcome: 'yes', ticket: 'forged' });
    await gateway.signal(id, 'decide_signal', { outcome: 'yes' });
    await expect(resultOf(id)).resolves.toMatchObject({ outcome: 'yes', via: 'signal' });
    expect(seen).toEqual(['yes by signal']);
  });

  test('refuses an outcome that its kind does not know, and goes on waiting', async () => {
    const id = await begin();
    for (const argument of [{ outcome: 'maybe' }, {}, null, 'yes']) {
      await expect(gateway.update(id, 'decide', argument)).rejects.toMatchObject({
        code: 'decision_not_allowed',
      });
    }
    await gateway.update(id, 'decide', { outcome: 'no' });
    await expect(resultOf(id)).resolves.toMatchObject({ outcome: 'no', via: 'update' });
  });

  test('refuses a decision before it waits for one', async () => {
    const id = await begin({ open: false });
    await expect(gateway.update(id, 'decide', { outcome: 'yes' })).rejects.toMatchObject({
      code: 'not_awaiting',
    });
    await client.workflow.getHandle(id).terminate();
  });

  test('goes on waiting when recording refuses a decision', async () => {
    const id = await begin();
    const refused = gateway.update(id, 'decide', { outcome: 'yes', ticket: 'forged' });
    await expect(refused).rejects.toMatchObject({
      code: 'ticket_required',
      message: 'This ticket is not ours.',
    });
    await expect(gateway.update(id, 'decide', { outcome: 'no' })).resolves.toBe('recorded no');
  });

  test('cancelled while it waits, it records nothing', async () => {
    const id = await begin();
    await gateway.signal(id, 'cancel', null);
    await expect(resultOf(id)).resolves.toMatchObject({ via: 'cancelled' });
    expect(seen).toEqual([]);
  });

  test('a decision being recorded wins over a cancellation', async () => {
    const id = await begin();
    const deciding = gateway.update(id, 'decide', { outcome: 'yes' });
    while (!seen.length) await sleep(1);
    await gateway.signal(id, 'cancel', null);
    await expect(deciding).resolves.toBe('recorded yes');
    await expect(resultOf(id)).resolves.toMatchObject({ outcome: 'yes' });
  });

  test('yes, no, a signal and the expiry in the same instant: one is final, the rest learn it', async () => {
    for (let round = 0; round < 15; round += 1) {
      seen.length = 0;
      const expiryMs = 400;
      const id = await begin({ expiryMs });
      await sleep(Math.max(0, expiryMs - 60 + round * 8));
      const handle = client.workflow.getHandle(id);
      const answers = await Promise.allSettled([
        gateway.update(id, 'decide', { outcome: 'yes' }),
        gateway.update(id, 'decide', { outcome: 'no' }),
        handle.signal('decide_signal', { outcome: 'yes' }),
        gateway.update(id, 'decide', { outcome: 'yes' }),
      ]);
      const final = await resultOf(id);
      expect(seen).toEqual([`${final.outcome} by ${final.via}`]);
      const updates = [answers[0], answers[1], answers[3]];
      const won = updates.filter((answer) => answer?.status === 'fulfilled');
      expect(won.length).toBe(final.via === 'update' ? 1 : 0);
      for (const answer of updates) {
        if (answer?.status === 'rejected')
          expect(['already_decided', 'run_ended']).toContain(answer.reason.code);
      }
    }
  }, 60_000);
});
