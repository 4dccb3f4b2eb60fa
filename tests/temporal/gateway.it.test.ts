import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGateway } from '../../temporal/gateway.ts';
import type { Gateway, StartRequest } from '../../temporal/gateway-type.ts';
import { createTestActivities } from './support/activities.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { newPayloadKey, startTestWorker, testClient } from './support/worker.ts';

const LASTING = { workflowType: 'lasting', queue: 'workflows', area: 'test' };
const NO_WORKER = { workflowType: 'lasting', queue: 'nobody-polls-this', area: 'test' };
const TENANT = '0193a000-0000-7000-8000-000000000001';
const LEAD = '0193a000-0000-7000-8000-000000000002';

function request(workflowId: string, kind: StartRequest['kind'] = 'triage-room'): StartRequest {
  return {
    kind,
    workflowId,
    tenant: TENANT,
    runId: '0193a000-0000-7000-8000-000000000003',
    leadId: LEAD,
    input: { version: 1 },
    summary: 'example.com',
  };
}

describe('the gateway', () => {
  const payloadKeys = newPayloadKey('k1');
  let server: TestServer;
  let worker: { stop(): Promise<void> };
  let client: Client;
  let gateway: Gateway;

  beforeAll(async () => {
    server = await startTestServer();
    worker = await startWorker();
    client = testClient(server.target, payloadKeys);
    const workflows = { 'triage-room': LASTING, 'import-leads': NO_WORKER };
    gateway = createGateway({ client, workflows, publicUrl: 'https://agos.example' });
  }, 60_000);
  afterAll(async () => {
    await worker?.stop();
    await client?.connection.close();
    await server?.stop();
  }, 30_000);

  test('starts a workflow that can be found by tenant, area, lead and status, and reads like the business', async () => {
    const { outcome, temporalRunId } = await gateway.start(request('gateway:1'));
    expect(outcome).toBe('started');
    const found = await client.workflow.getHandle('gateway:1').describe();
    expect(found.runId).toBe(temporalRunId);
    expect(found.searchAttributes).toMatchObject({
      AgosTenant: [TENANT],
      AgosArea: ['test'],
      AgosLead: [LEAD],
      AgosStatus: ['started'],
    });
    expect(found.priority?.fairnessKey).toBe(TENANT);
    expect(await found.staticSummary()).toBe('example.com');
    const details = await found.staticDetails();
    expect(details).toContain(`\`agos lead ${LEAD}\``);
    expect(details).toContain(`with an API key: [report](https://agos.example/v1/leads/${LEAD}/report)`);
    await gateway.signal('gateway:1', 'end', null);
  });

  test('a second start of an open workflow is an outcome; after its end the id is free again', async () => {
    const first = await gateway.start(request('gateway:2'));
    const second = await gateway.start(request('gateway:2'));
    expect(second).toEqual({ outcome: 'already_running', temporalRunId: first.temporalRunId });
    await gateway.signal('gateway:2', 'end', null);
    await client.workflow.getHandle('gateway:2').result();
    const third = await gateway.start(request('gateway:2'));
    expect(third.outcome).toBe('started');
    expect(third.temporalRunId).not.toBe(first.temporalRunId);
    await client.workflow.getHandle('gateway:2').terminate();
  });

  test('fifty starts at once make one run', async () => {
    const starts = await Promise.all(Array.from({ length: 50 }, () => gateway.start(request('gateway:3'))));
    expect(starts.filter((start) => start.outcome === 'started')).toHaveLength(1);
    expect(new Set(starts.map((start) => start.temporalRunId)).size).toBe(1);
    await client.workflow.getHandle('gateway:3').terminate();
  });

  test.each(['gateway:never-was', 'gateway:ended'])(
    '%s: signal, query and update say run_ended',
    async (id) => {
      if (id === 'gateway:ended') {
        await gateway.start(request(id));
        await client.workflow.getHandle(id).terminate();
      }
      await expect(gateway.signal(id, 'end', null)).rejects.toMatchObject({ code: 'run_ended' });
      await expect(gateway.query(id, 'progress')).rejects.toMatchObject({ code: 'run_ended' });
      await expect(gateway.update(id, 'decide', {})).rejects.toMatchObject({ code: 'run_ended' });
    },
  );

  test('a query that no worker answers is unavailable within two seconds', async () => {
    await gateway.start(request('gateway:4', 'import-leads'));
    await expectUnavailable(() => gateway.query('gateway:4', 'progress'));
    await client.workflow.getHandle('gateway:4').terminate();
  });

  // sabotage: temporal/call.ts :: new Set([1, 4, 8, 9, 14]) => new Set([1, 4, 8, 14])
  test('a query of a workflow whose workers have been away for a while is unavailable as well', async () => {
    await gateway.start(request('gateway:7'));
    expect(await gateway.query('gateway:7', 'progress')).toBe('lasting');
    await worker.stop();
    await expect
      .poll(() => client.withDeadline(Date.now() + 1_500, () => rawQuery('gateway:7')), {
        timeout: 60_000,
        interval: 1_000,
      })
      .toBe(9);
    await expectUnavailable(() => gateway.query('gateway:7', 'progress'));
    worker = await startWorker();
    await expect
      .poll(() => gateway.query('gateway:7', 'progress').catch(() => null), { timeout: 15_000 })
      .toBe('lasting');
    await client.workflow.getHandle('gateway:7').terminate();
  }, 120_000);

  test('while the server is down everything is unavailable within two seconds, and works again after', async () => {
    await gateway.start(request('gateway:5'));
    await server.kill();
    expect(await gateway.reachable()).toBe(false);
    await expectUnavailable(() => gateway.start(request('gateway:6')));
    await expectUnavailable(() => gateway.signal('gateway:5', 'end', null));
    await expectUnavailable(() => gateway.query('gateway:5', 'progress'));
    await expectUnavailable(() => gateway.update('gateway:5', 'decide', {}));
    const fresh = testClient(server.target, payloadKeys);
    const freshGateway = createGateway({
      client: fresh,
      workflows: { 'triage-room': LASTING, 'import-leads': LASTING },
    });
    await expectUnavailable(() => freshGateway.start(request('gateway:6')));
    await fresh.connection.close();
    await server.restart();
    await expect.poll(() => gateway.reachable(), { timeout: 15_000 }).toBe(true);
    await expect
      .poll(() => gateway.query('gateway:5', 'progress').catch(() => null), { timeout: 15_000 })
      .toBe('lasting');
  }, 60_000);

  const startWorker = () =>
    startTestWorker({ target: server.target, payloadKeys, activities: createTestActivities() });

  /** The gRPC status of a query as the server answers it. */
  const rawQuery = (workflowId: string): Promise<unknown> =>
    client.workflow
      .getHandle(workflowId)
      .query('progress')
      .catch((error: unknown) => (error as { cause?: { code?: number } }).cause?.code);

  async function expectUnavailable(call: () => Promise<unknown>): Promise<void> {
    const startedAt = performance.now();
    await expect(call()).rejects.toMatchObject({
      code: 'temporal_unavailable',
      details: { retryAfterSeconds: expect.any(Number) },
    });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  }
});
