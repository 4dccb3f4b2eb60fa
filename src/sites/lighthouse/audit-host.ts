import { Worker } from 'node:worker_threads';
import { type Hold, type SiteHoldCode, SiteHoldError } from '../../kernel/holds.ts';
import type { LighthouseFacts } from './facts.ts';

const MEMORY_MB = 1_500;

export type AuditRequest = { port: number; marker: string; url: string; contact?: string | undefined };

export type AuditAnswer = { facts: LighthouseFacts } | { hold: Hold<SiteHoldCode> } | { failure: string };

/** Runs Lighthouse in a thread of its own, one audit at a time. */
export type AuditHost = {
  /** Ends the thread when the signal fires: Lighthouse itself cannot be stopped. */
  audit(request: AuditRequest, signal: AbortSignal): Promise<LighthouseFacts>;
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

  return {
    async audit(request, signal) {
      thread ??= start();
      const onAbort = (): void => void end();
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        signal.throwIfAborted();
        return factsOf(await ask(thread, request));
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
    },
    close: end,
  };
}

async function ask(thread: Worker, request: AuditRequest): Promise<AuditAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<AuditAnswer>();
  const onExit = (): void => reject(new Error('The audit was given up.'));
  const onError = (error: unknown): void => reject(explain(error));
  thread.once('message', resolve).once('error', onError).once('exit', onExit);
  thread.postMessage(request);
  try {
    return await promise;
  } finally {
    thread.off('message', resolve).off('error', onError).off('exit', onExit);
  }
}

function factsOf(answer: AuditAnswer): LighthouseFacts {
  if ('facts' in answer) return answer.facts;
  if ('hold' in answer) throw new SiteHoldError(answer.hold.code, answer.hold.message);
  throw new Error(answer.failure);
}

function explain(error: unknown): unknown {
  const tooLarge = (error as { code?: unknown } | null)?.code === 'ERR_WORKER_OUT_OF_MEMORY';
  return tooLarge
    ? new SiteHoldError('page_too_large', `Measuring the page took more than ${MEMORY_MB} MB of memory.`)
    : error;
}
