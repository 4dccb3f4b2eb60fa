import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createLogger } from '../../src/runtime/logger.ts';
import { startSdk } from '../../src/runtime/telemetry/sdk.ts';
import { inSpan } from '../../src/runtime/telemetry/spans.ts';
import type { MeasuredSpan, Tracing } from '../../src/runtime/telemetry/telemetry.ts';
import { bundleWorkflows } from '../../temporal/bundle.ts';
import { openClient } from '../../temporal/connection.ts';
import { traceSinks } from '../../temporal/trace-work.ts';
import { startTestServer, type TestServer } from '../temporal/support/server.ts';
import { startTestWorker, TEST_WORKFLOWS } from '../temporal/support/worker.ts';
import { receiveTraces, type TraceReceiver } from './trace-receiver.ts';

let server: TestServer;
let receiver: TraceReceiver;
let tracing: Tracing;
beforeAll(async () => {
  [server, receiver] = await Promise.all([startTestServer(), receiveTraces()]);
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = receiver.url;
  tracing = startSdk('worker', createLogger({ level: 'silent' }));
});
afterAll(async () => {
  await tracing?.close();
  await receiver?.close();
  await server?.stop();
});

test('a workflow that is replayed tells its span once, under the same id in every worker', async () => {
  const client = openClient(server.target, {}, tracing.tracer);
  const recorded: MeasuredSpan[] = [];
  const counting = { ...tracing, record: (span: MeasuredSpan) => void recorded.push(span) };
  const start = () =>
    startTestWorker({ target: server.target, activities: { idle: async () => null }, tracing: counting });
  const workflowId = 'replayed';
  const first = await start();
  const handle = await inSpan(tracing.tracer, 'request', {}, () =>
    client.workflow.start('lasting', { workflowId, taskQueue: 'workflows' }),
  );
  await vi.waitUntil(async () => (await handle.query('progress').catch(() => null)) === 'lasting', {
    timeout: 20_000,
    interval: 100,
  });
  await first.stop();
  // It has nothing of the workflow in its memory: the first task is replayed.
  const second = await start();
  await handle.signal('end');
  expect(await handle.result()).toBe('ended');
  await second.stop();
  expect(recorded).toHaveLength(1);
  const { runId } = await handle.describe();
  expect(recorded[0]).toMatchObject({
    name: 'workflow lasting',
    spanId: runId.replaceAll('-', '').slice(-16),
    attributes: { 'temporal.run_id': runId, 'temporal.outcome': 'completed' },
  });

  const history = await handle.fetchHistory();
  const workflowBundle = await bundleWorkflows({ encrypted: false, workflowsPath: TEST_WORKFLOWS });
  const replaying = { workflowBundle, sinks: traceSinks(counting) };
  for await (const { error } of Worker.runReplayHistories(replaying, [{ workflowId, history }])) {
    expect(error).toBeUndefined();
  }
  expect(recorded).toHaveLength(1);
  await client.connection.close();
}, 90_000);
