import type { DataConverter } from '@temporalio/common';
import {
  type ActivityInterceptorsFactory,
  type NativeConnection,
  Worker,
  type WorkerOptions,
} from '@temporalio/worker';
import type { Tracing } from '../src/runtime/telemetry/telemetry.ts';
import { failureInterceptor, type ReportUnexpected } from './activity-interceptor.ts';
import { TASK_QUEUES, type TaskQueue } from './queues.ts';
import { traceSinks } from './trace-work.ts';

export type WorkersDeps = {
  connection: NativeConnection;
  namespace: string;
  dataConverter: DataConverter;
  /** Code of the workflow bundle; only the `workflows` queue needs it. */
  bundle: { code: string } | undefined;
  /** Every activity; the queue on which one is called decides which worker runs it. */
  activities: object;
  queues: readonly TaskQueue[];
  /** Build of a deployment that workflows are worked on as; unversioned without. */
  version?: { deploymentName: string; buildId: string } | undefined;
  /** How long running activities may go on at shutdown before they are cancelled. */
  shutdownGraceMs: number;
  report: ReportUnexpected;
  /** Look on from outside at every attempt, with the failure that Temporal hears of. */
  observers?: readonly ActivityInterceptorsFactory[];
  /** Takes the spans of workflows. */
  tracing?: Tracing | undefined;
};

export type RunningWorkers = {
  /** Ends when all workers have stopped; fails when one crashed, after the others were stopped. */
  done: Promise<void>;
  /** Stops polling and waits for running work. */
  shutdown(): Promise<void>;
};

/** Cancelled activities get this long to clean up before the process ends without them. */
export const CLEAN_UP_MS = 8_000;

/** Runs one worker for each queue, in this process. */
export async function startWorkers(deps: WorkersDeps): Promise<RunningWorkers> {
  const workers: Worker[] = [];
  for (const queue of deps.queues) workers.push(await Worker.create(optionsFor(deps, queue)));
  const stopAll = (): void => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  const runs = workers.map((worker) => worker.run().finally(stopAll));
  const done = Promise.allSettled(runs).then((results) => {
    const crash = results.find((result) => result.status === 'rejected');
    if (crash) throw crash.reason;
  });
  done.catch(() => undefined);
  return {
    done,
    shutdown: async () => {
      stopAll();
      await done;
    },
  };
}

function optionsFor(deps: WorkersDeps, queue: TaskQueue): WorkerOptions {
  const { concurrency } = TASK_QUEUES[queue];
  const common: WorkerOptions = {
    connection: deps.connection,
    namespace: deps.namespace,
    taskQueue: queue,
    dataConverter: deps.dataConverter,
    shutdownGraceTime: deps.shutdownGraceMs,
    shutdownForceTime: deps.shutdownGraceMs + CLEAN_UP_MS,
  };
  if (queue !== 'workflows') {
    return {
      ...common,
      activities: deps.activities,
      maxConcurrentActivityTaskExecutions: concurrency,
      interceptors: { activity: [...(deps.observers ?? []), failureInterceptor(deps.report)] },
    };
  }
  if (!deps.bundle) throw new Error('The worker of the queue "workflows" needs the workflow bundle.');
  return {
    ...common,
    workflowBundle: deps.bundle,
    maxConcurrentWorkflowTaskExecutions: concurrency,
    sinks: traceSinks(deps.tracing),
    // Activities take what any build sends, so only decisions are versioned: an old build lives on as one process.
    ...(deps.version && {
      workerDeploymentOptions: {
        version: deps.version,
        useWorkerVersioning: true,
        defaultVersioningBehavior: 'PINNED',
      },
    }),
  };
}
