import type { ApiClient } from '../../src/cli/client.ts';
import { readServerEvents } from '../../src/cli/event-stream.ts';

const SETTLED = new Set(['qualified', 'disqualified']);
const WITHIN_MS = 180_000;

/** Opens the tenant's stream; `settled` tells when the event of a lead's result arrived, in ms since 1970. */
export async function followLead(client: ApiClient): Promise<{ settled: Promise<number> }> {
  const stop = new AbortController();
  const body = await client.stream('/v1/events/stream', { signal: stop.signal });
  if (!body) throw new Error('the stream did not open');
  const patience = AbortSignal.timeout(WITHIN_MS);
  patience.addEventListener('abort', () => stop.abort(new Error('no result within three minutes')));
  const settled = (async () => {
    for await (const { event, data } of readServerEvents(body)) {
      if (event === 'lead.held') throw new Error(`the lead was held: ${data}`);
      if (event !== 'lead.status_changed') continue;
      if (SETTLED.has(JSON.parse(data).data?.to)) return Date.now();
    }
    throw new Error('the stream ended before the result');
  })().finally(() => stop.abort());
  settled.catch(() => undefined);
  return { settled };
}
