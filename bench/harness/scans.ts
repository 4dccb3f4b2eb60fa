import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiClient, readAll } from '../../src/cli/client.ts';
import type { LeadView } from '../../src/leads/leads/schemas.ts';

const POLL_MS = 500;

/** Adds a lead for each URL and has it scanned. */
export async function askForScans(client: ApiClient, urls: readonly string[]): Promise<void> {
  for (const url of urls) await client.post('/v1/leads', { url, triage: true });
}

/** Waits until so many leads of the tenant have their result, and gives them back. */
export async function untilScanned(
  client: ApiClient,
  count: number,
  watch: { signal: AbortSignal; onProgress(done: number): void },
): Promise<LeadView[]> {
  for (;;) {
    watch.signal.throwIfAborted();
    const { rows } = await readAll<LeadView>(client, '/v1/leads');
    const done = rows.filter(isSettled);
    watch.onProgress(done.length);
    if (done.length >= count) return done;
    await sleep(POLL_MS);
  }
}

const isSettled = ({ status, hold, awaiting }: LeadView): boolean =>
  hold !== null || awaiting !== null || (status !== 'new' && status !== 'scanning');
