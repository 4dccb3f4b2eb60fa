import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { Tracing } from '../../../src/runtime/telemetry/telemetry.ts';
import { createDataConverter } from '../../../temporal/codec/data-converter.ts';
import { connectWorker, openClient, type TemporalTarget } from '../../../temporal/connection.ts';
import type { TaskQueue } from '../../../temporal/queues.ts';
import { traceActivities } from '../../../temporal/trace-work.ts';
import { startWorkers } from '../../../temporal/workers.ts';
import { sharedBundle } from './shared-bundle.ts';

// Once in each test file's process; what a test provokes would fill the screen.
Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });

export const TEST_WORKFLOWS = fileURLToPath(new URL('./workflows.ts', import.meta.url));

export type TestWorkerOptions = {
  target: TemporalTarget;
  activities: object;
  payloadKeys?: string | undefined;
  queues?: TaskQueue[];
  workflowsPath?: string;
  report?: (error: unknown) => void;
  shutdownGraceMs?: number;
  tracing?: Tracing;
  version?: { deploymentName: string; buildId: string };
};

/** Runs the test workflows (or others) with the product's own worker set-up. */
export async function startTestWorker(
  options: TestWorkerOptions,
): Promise<{ stop(): Promise<void>; done: Promise<void> }> {
  const connection = await connectWorker(options.target);
  const workers = await startWorkers({
    connection,
    namespace: options.target.namespace,
    dataConverter: createDataConverter(options.payloadKeys),
    bundle: await sharedBundle({
      encrypted: options.payloadKeys !== undefined,
      workflowsPath: options.workflowsPath ?? TEST_WORKFLOWS,
    }),
    activities: options.activities,
    queues: options.queues ?? ['workflows', 'core', 'fetch'],
    shutdownGraceMs: options.shutdownGraceMs ?? 500,
    report: options.report ?? (() => undefined),
    version: options.version,
    ...(options.tracing && {
      tracing: options.tracing,
      observers: [traceActivities(options.tracing.tracer)],
    }),
  });
  return {
    done: workers.done,
    stop: async () => {
      await workers.shutdown();
      await connection.close();
    },
  };
}

/** A client with the same data converter as that worker. */
export function testClient(target: TemporalTarget, payloadKeys?: string) {
  return openClient(target, createDataConverter(payloadKeys));
}

/** A fresh payload key, written as `AGOS_PAYLOAD_KEYS` takes it. */
export function newPayloadKey(id: string): string {
  return `${id}:${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64')}`;
}
