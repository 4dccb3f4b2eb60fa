import { setTimeout as sleep } from 'node:timers/promises';
import { followByServerEvents, type OpenStream } from '../../support/event-clients.ts';

export type Follower = { seen: number[]; stop(): Promise<void> };

/** Follows a tenant's events over every end of its stream, from whichever process answers, as a client does. */
export function followEvents(origins: readonly string[], headers: Record<string, string>): Follower {
  const seen: number[] = [];
  let stream: OpenStream | undefined;
  let stopped = false;
  const follow = async (): Promise<void> => {
    for (let turn = 0; !stopped; turn += 1) {
      try {
        const origin = origins[turn % origins.length]!;
        const after = String(seen.at(-1) ?? 0);
        stream = await followByServerEvents({ origin, path: '/v1/events/stream', headers, after });
        for await (const { seq } of stream.events) seen.push(seq);
      } catch {
        // Its process was killed, or is not there yet.
      }
      if (!stopped) await sleep(200);
    }
  };
  const done = follow();
  return {
    seen,
    stop: async () => {
      stopped = true;
      stream?.cut();
      await done;
    },
  };
}
