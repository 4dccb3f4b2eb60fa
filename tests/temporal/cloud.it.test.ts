import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectWorker, readTemporalTarget } from '../../temporal/connection.ts';
import { createTestActivities } from './support/activities.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { startTlsFront, type TlsFront } from './support/tls-front.ts';
import { startTestWorker, testClient } from './support/worker.ts';

const API_KEY = 'an-api-key-as-the-cloud-issues-them';

describe('behind TLS that demands an API key, as on Temporal Cloud', () => {
  let server: TestServer;
  let front: TlsFront;

  beforeAll(async () => {
    server = await startTestServer();
    front = await startTlsFront(server.address, API_KEY);
  });
  afterAll(async () => {
    await front?.close();
    await server?.stop();
  });

  const environment = (change: Record<string, string> = {}): Record<string, string> => ({
    TEMPORAL_ADDRESS: front.address,
    TEMPORAL_NAMESPACE: 'default',
    TEMPORAL_API_KEY: API_KEY,
    TEMPORAL_TLS_SERVER_CA_CERT_DATA: front.authority,
    ...change,
  });

  test('client and worker get through by the standard environment variables alone', async () => {
    const target = readTemporalTarget(environment());
    const client = testClient(target);
    const worker = await startTestWorker({
      target,
      activities: createTestActivities(),
      queues: ['workflows', 'core'],
    });
    const started = { workflowId: 'cloud:1', taskQueue: 'workflows', args: [{ how: 'hold' }] };
    await expect(client.workflow.execute('failing', started)).resolves.toMatchObject({
      code: 'domain_parked',
    });
    await worker.stop();
    await client.connection.close();
    expect(front.calls.admitted).toBeGreaterThan(10);
    expect(front.calls.refused).toBe(0);
  });

  test.each([
    ['a wrong key', { TEMPORAL_API_KEY: 'wrong' }],
    ['no key', { TEMPORAL_API_KEY: '', TEMPORAL_TLS: 'true' }],
  ])('%s is refused, for client and worker', async (_, change) => {
    const target = readTemporalTarget(environment(change));
    const client = testClient(target);
    await expect(client.workflowService.getSystemInfo({})).rejects.toMatchObject({ code: 16 });
    await client.connection.close();
    await expect(connectWorker(target)).rejects.toThrow();
  });

  test.each([
    ['an authority that did not sign its certificate', { TEMPORAL_TLS_SERVER_CA_CERT_DATA: '' }],
    ['a name that is not in its certificate', { TEMPORAL_TLS_SERVER_NAME: 'elsewhere.example' }],
  ])('a front with %s gets no call', async (_, change) => {
    const before = { ...front.calls };
    const target = readTemporalTarget(environment(change));
    const client = testClient(target);
    const call = client.withDeadline(Date.now() + 2_000, () => client.workflowService.getSystemInfo({}));
    await expect(call).rejects.toThrow();
    await client.connection.close();
    await expect(connectWorker(target)).rejects.toThrow();
    expect(front.calls).toEqual(before);
  });
});
