import { Worker } from 'node:worker_threads';
import { type Hold, type SiteHoldCode, SiteHoldError } from '../../kernel/holds.ts';
import type { LighthouseFacts } from './facts.ts';

const MEMORY_MB = 1_500;

export type GatherRequest = { port: number; marker: string; url: string; contact?: string | undefined };

/** First what a page does is recorded, then that is judged, without the page. */
export type ThreadRequest = { gather: GatherRequest } | 'judge';
export type ThreadAnswer =
  | 'gathered'
  | { facts: LighthouseFacts }
  | { hold: Hold<SiteHoldCode> }
  | { failure: string };
/** While it gathers: the load of the page is recorded, and the rest disturbs nobody and is disturbed by nobody. */
export type ThreadMessage = 'recorded' | ThreadAnswer;

/** Runs Lighthouse in a thread of its own, one page at a time; a signal ends the thread, since Lighthouse itself cannot be stopped. */
export type AuditHost = {
  /** Loads the page, records what it does, and looks at it; nothing else may run on the machine until it is recorded. */
  gather(request: GatherRequest, options: { signal: AbortSignal; onRecorded(): void }): Promise<void>;
  /** Judges what was recorded last. */
  judge(signal: AbortSignal): Promise<LighthouseFacts>;
  close(): Promise<void>;
};

/**
 * Makes the host. A thread, because Lighthouse blocks for seconds while it computes, and because a page that
 * goes away under it may fail promises that would end the whole process.
 */
export function createAuditHost(): AuditHost {
  let thread: Worker | null = null;

  function start(): Worker {
    const started = new Worker(new URL('./audit-thread.ts', import.meta.url), {
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    });
    started.unref();
    started.on('error', () => undefined);
    started.once('exit', () => {
      if (thread === started) thread = null;
    });
    return started;
  }

  async function end(): Promise<void> {
    const ending = thread;
    thread = null;
    await ending?.terminate();
  }

  async function ask(
    request: ThreadRequest,
    signal: AbortSignal,
    onRecorded = () => {},
  ): Promise<ThreadAnswer> {
    thread ??= start();
    const onAbort = (): void => void end();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      signal.throwIfAborted();
      return await answerOf(thread, request, onRecorded);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  return {
    async gather(request, { signal, onRecorded }) {
      refuseFault(await ask({ gather: request }, signal, onRecorded));
    },
    async judge(signal) {
      const answer = refuseFault(await ask('judge', signal));
      if (answer === 'gathered') throw new Error('Lighthouse judged nothing.');
      return answer.facts;
    },
    close: end,
  };
}

async function answerOf(
  thread: Worker,
  request: ThreadRequest,
  onRecorded: () => void,
): Promise<ThreadAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<ThreadAnswer>();
  const onExit = (): void => reject(new Error('The audit was given up.'));
  const onError = (error: unknown): void => reject(explain(error));
  const onMessage = (message: ThreadMessage): void => {
    if (message === 'recorded') onRecorded();
    else resolve(message);
  };
  thread.on('message', onMessage).once('error', onError).once('exit', onExit);
  thread.postMessage(request);
  try {
    return await promise;
  } finally {
    thread.off('message', onMessage).off('error', onError).off('exit', onExit);
  }
}

function refuseFault(answer: ThreadAnswer): 'gathered' | { facts: LighthouseFacts } {
  if (answer === 'gathered' || 'facts' in answer) return answer;
  if ('hold' in answer) throw new SiteHoldError(answer.hold.code, answer.hold.message);
  throw new Error(answer.failure);
}

function explain(error: unknown): unknown {
  const tooLarge = (error as { code?: unknown } | null)?.code === 'ERR_WORKER_OUT_OF_MEMORY';
  return tooLarge
    ? new SiteHoldError('page_too_large', `Measuring the page took more than ${MEMORY_MB} MB of memory.`)
    : error;
}
