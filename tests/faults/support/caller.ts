import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonBody } from '../../support/app.ts';

export type Answer = { status: number; body: JsonBody };
export type Ask = { json?: unknown; csv?: string; key?: string };

/** A client that does not give up: what is not answered, or answered with "later", is asked again elsewhere. */
export type Caller = {
  ask(method: string, path: string, what?: Ask): Promise<Answer>;
  /** How often it had to ask again, by what it met. */
  again: Map<string, number>;
  slowestMs: number;
};

/** Longer than anything may take that the API promises an answer to. */
const HANGS_AFTER_MS = 25_000;
const GIVE_UP_AFTER_MS = 240_000;

/** Asks these processes in turn. */
export function createCaller(origins: readonly string[], headers: Record<string, string>): Caller {
  const caller: Caller = { ask, again: new Map(), slowestMs: 0 };
  let turn = 0;
  async function ask(method: string, path: string, what: Ask = {}): Promise<Answer> {
    const deadline = Date.now() + GIVE_UP_AFTER_MS;
    for (;;) {
      const startedMs = Date.now();
      turn += 1;
      const origin = origins[turn % origins.length]!;
      const answer = await tryOnce(new URL(path, origin), { method, ...init(headers, what) });
      caller.slowestMs = Math.max(caller.slowestMs, Date.now() - startedMs);
      const why = typeof answer === 'string' ? answer : whyAgain(answer);
      if (why === null) return answer as Answer;
      caller.again.set(why, (caller.again.get(why) ?? 0) + 1);
      if (Date.now() > deadline) throw new Error(`${method} ${path} was never answered: ${why}`);
      await sleep(300);
    }
  }
  return caller;
}

async function tryOnce(url: URL, init: RequestInit): Promise<Answer | string> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(HANGS_AFTER_MS) });
    return { status: response.status, body: await response.json() };
  } catch (error) {
    return (error as Error).name === 'TimeoutError' ? 'hangs' : 'no answer';
  }
}

function init(headers: Record<string, string>, { json, csv, key }: Ask): RequestInit {
  const type = csv === undefined ? 'application/json' : 'text/csv';
  const own = { ...headers, ...(key !== undefined && { 'idempotency-key': key }) };
  if (json === undefined && csv === undefined) return { headers: own };
  return { headers: { ...own, 'content-type': type }, body: csv ?? JSON.stringify(json) };
}

/** Why an answer is not final, or null. */
function whyAgain({ status, body }: Answer): string | null {
  const isLater = status >= 500 || status === 429 || body.error === 'idempotency_key_in_progress';
  return isLater ? `${status} ${body.error}` : null;
}
