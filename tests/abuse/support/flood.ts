import { Worker } from 'node:worker_threads';

/** `nothing` asks for a path that does not exist: what it costs to be answered at all. */
export type FloodKind = 'triage posts' | 'logins' | 'nothing';
export type FloodOrder = { url: string; kind: FloodKind; perSecond: number; key: string; lead: string };
export type FloodReport = {
  sent: number;
  statuses: Record<number, number>;
  /** Answers 429 without Retry-After. */
  withoutRetryAfter: number;
};
export type Flood = { start(): void; pause(): void; end(): Promise<FloodReport> };

/** Sends requests at a rate from a thread of its own, so that whoever measures beside it is not slowed by sending. */
export function openFlood(order: FloodOrder): Flood {
  const worker = new Worker(new URL('./flood-worker.ts', import.meta.url), { workerData: order });
  return {
    start: () => worker.postMessage('start'),
    pause: () => worker.postMessage('pause'),
    end: () =>
      new Promise((resolve, reject) => {
        worker.once('error', reject);
        worker.once('message', (report: FloodReport) => {
          resolve(report);
          void worker.terminate();
        });
        worker.postMessage('end');
      }),
  };
}
