import type { ApiClient } from '../../src/cli/client.ts';
import { readServerEvents } from '../../src/cli/event-stream.ts';

const SETTLED = new Set(['qualified', 'disqualified']);
const WITHIN_MS = 180_000;

/** When a lead's result was committed, by the database, and when its event arrived, in ms since 1970. */
export type Settled = { committedMs: number; deliveredMs: number };

/** Opens the tenant's stream; `settled` waits for the result of its first lead. */
export async function followLead(client: ApiClient): Promise<{ settled: Promise<Settled> }> {
  const stop = new AbortController();
  const body = await client.stream('/v1/events/stream', { signal: stop.signal });
  if (!body) throw new Error('the stream did not open');
  const patience = AbortSignal.timeout(WITHIN_MS);
  patience.addEventListener('abort', () => stop.abort(new Error('no result within three minutes')));
  const settled = (async () => {
    for await (const { event, data } of readServerEvents(body)) {
      if (event === 'lead.held') throw new Error(`the lead was held: ${data}`);
      if (event !== 'lead.status_changed') continue;
      const { at, data: change } = JSON.parse(data);
      if (SETTLED.has(change.to)) return { committedMs: Date.parse(at), deliveredMs: Date.now() };
    }
    throw new Error('the stream ended before the result');
  })().finally(() => stop.abort());
  settled.catch(() => undefined);
  return { settled };
}
