import { setTimeout as sleep } from 'node:timers/promises';
import type { EventView } from '../control/events/schemas.ts';
import { type ApiClient, ApiError } from './client.ts';
import { readServerEvents } from './event-stream.ts';

const AGAIN_AFTER_MS = 1_000;

/**
 * Events as they happen, over every connection that breaks off: none is lost and none comes twice. Ends
 * when nothing can follow, and when the signal fires; throws what the server refuses.
 */
export async function* followEvents(
  client: Pick<ApiClient, 'stream'>,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<EventView> {
  let last = '';
  while (!signal.aborted) {
    try {
      const body = await client.stream(path, { signal, ...(last !== '' && { lastEventId: last }) });
      if (!body) return;
      for await (const { id, data } of readServerEvents(body)) {
        if (id !== '') last = id;
        if (data !== '') yield JSON.parse(data) as EventView;
      }
    } catch (error) {
      if (signal.aborted) return;
      // A first connection that cannot be made is told at once.
      if (last === '' || !isPassing(error)) throw error;
    }
    await sleep(AGAIN_AFTER_MS, undefined, { signal }).catch(() => {});
  }
}

/** A server that goes away, and one that has no room just now, are waited for. */
function isPassing(error: unknown): boolean {
  return !(error instanceof ApiError) || error.unreachable || error.status === 429;
}
