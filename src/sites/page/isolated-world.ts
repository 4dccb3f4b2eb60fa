import type { CDPSession } from 'playwright-core';
import { SiteHoldError } from '../../kernel/holds.ts';

/** Above the page's own deadlines, so that this one ends only a page that does not answer at all. */
const EVALUATE_MS = 12_000;

/** A JavaScript world over the page's document that the page's scripts cannot reach. */
export type IsolatedWorld = { evaluate<T>(expression: string): Promise<T> };

/** Our code failed in the page, most likely over a document that hides what it asks for. */
export class InPageError extends Error {
  constructor(message: string) {
    super(`our code failed in the page: ${message}`);
    this.name = 'InPageError';
  }
}

/** Opens a fresh world in the page as it stands; it ends when the page leads on. */
export async function openIsolatedWorld(session: CDPSession): Promise<IsolatedWorld> {
  const { frameTree } = await within(EVALUATE_MS, session.send('Page.getFrameTree'));
  const { executionContextId: contextId } = await within(
    EVALUATE_MS,
    session.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id, worldName: 'agos' }),
  );
  return {
    async evaluate<T>(expression: string): Promise<T> {
      const asked = { expression, contextId, awaitPromise: true, returnByValue: true };
      const answer = await within(EVALUATE_MS, session.send('Runtime.evaluate', asked));
      if (answer.exceptionDetails) {
        const { exception, text } = answer.exceptionDetails;
        throw new InPageError(exception?.description ?? text);
      }
      return answer.result.value as T;
    },
  };
}

/** Holds a site whose page keeps its main thread busy; closing its context frees the rest. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    const late = `The page was so busy that it did not answer within ${ms / 1000} seconds.`;
    timer = setTimeout(() => reject(new SiteHoldError('page_timeout', late)), ms);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
