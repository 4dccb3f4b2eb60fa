/**
 * Task queues by the resource that their work needs, so that each can be scaled apart.
 * Concurrency is per worker process; what must be rare on a machine also takes the machine's lock.
 */
export const TASK_QUEUES = {
  workflows: { concurrency: 40, why: 'decisions only; CPU for milliseconds' },
  core: { concurrency: 20, why: 'short database work' },
  imports: {
    concurrency: 20,
    why: 'one slot for each import at work, for seconds at a time: short work must not wait behind it',
  },
  fetch: { concurrency: 10, why: 'waits for strangers over HTTP; seed 000 sets 10 triages' },
  browser: { concurrency: 2, why: 'one page rendering per core' },
  lighthouse: { concurrency: 1, why: 'figures are only true when nothing else runs' },
  model: { concurrency: 10, why: 'waits for the model provider' },
  outbound: {
    concurrency: 50,
    why: 'one slot for each endpoint that is delivered to; it waits for strangers',
  },
} as const;

export type TaskQueue = keyof typeof TASK_QUEUES;

/** Reads `workflows,core,...`: every queue when unset; throws a sentence that names an unknown one. */
export function parseQueues(text: string | undefined): TaskQueue[] {
  const all = Object.keys(TASK_QUEUES) as TaskQueue[];
  if (text === undefined) return all;
  return text.split(',').map((word) => {
    const queue = all.find((known) => known === word.trim());
    if (!queue) throw new Error(`AGOS_QUEUES: "${word}" is none of ${all.join(', ')}`);
    return queue;
  });
}
