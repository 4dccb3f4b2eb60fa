import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleWorkflows } from '../../temporal/bundle.ts';
import { createDataConverter } from '../../temporal/codec/data-converter.ts';
import { exportHistory } from '../../temporal/record-history.ts';
import { createTestActivities } from './support/activities.ts';
import { replay } from './support/replay.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { newPayloadKey, startTestWorker, testClient } from './support/worker.ts';

const pathOf = (name: string): string =>
  fileURLToPath(new URL(`./support/mutations/${name}.ts`, import.meta.url));

describe('workflow code that changes while workflows run', () => {
  const payloadKeys = newPayloadKey('k1');
  let server: TestServer;
  let client: Client;
  let recorded: string;

  beforeAll(async () => {
    server = await startTestServer();
    client = testClient(server.target, payloadKeys);
    const worker = await startTestWorker({
      target: server.target,
      payloadKeys,
      activities: createTestActivities(),
      workflowsPath: pathOf('original'),
    });
    const started = { workflowId: 'mutable', taskQueue: 'workflows', args: [{ name: 'rosebud' }] };
    await client.workflow.execute('mutable', started);
    await worker.stop();
    recorded = await exportHistory(client, createDataConverter(payloadKeys), 'mutable');
  });
  afterAll(async () => {
    await client?.connection.close();
    await server?.stop();
  });

  const replayAgainst = async (name: string) => {
    const bundle = await bundleWorkflows({ encrypted: false, workflowsPath: pathOf(name) });
    return replay(bundle, [{ workflowId: 'mutable', history: JSON.parse(recorded) as unknown }]);
  };

  test('an exported history replays without the key it was encrypted with', async () => {
    expect(Buffer.from(recorded).includes(Buffer.from('"hello rosebud"').toString('base64'))).toBe(true);
    expect(recorded).not.toContain('encryption-key-id');
    expect(await replayAgainst('original')).toEqual({});
  });

  test('a change fails replay', async () => {
    expect(await replayAgainst('changed')).toEqual({ mutable: expect.stringContaining('Determinism') });
  });

  test('the same change behind a patch marker passes', async () => {
    expect(await replayAgainst('patched')).toEqual({});
  });
});
