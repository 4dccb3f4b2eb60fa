import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../../src/cli/client.ts';
import { startImport } from '../../src/cli/import.ts';
import type { BatchView } from '../../src/leads/batches/schemas.ts';

export type ImportOptions = {
  triage: boolean;
  pollMs: number;
  signal: AbortSignal;
  onProgress?(batch: BatchView): void;
};

/** Imports a CSV file over HTTP and waits until the API says that it is completed; throws when it failed. */
export async function importWhole(
  client: ApiClient,
  csv: string,
  options: ImportOptions,
): Promise<BatchView> {
  const file = { name: 'leads.csv', bytes: new TextEncoder().encode(csv), mime: 'text/csv' };
  const { id } = await startImport(client, file, options.triage);
  for (;;) {
    options.signal.throwIfAborted();
    const batch = await client.get<BatchView>(`/v1/batches/${id}`);
    options.onProgress?.(batch);
    if (batch.status === 'completed') return batch;
    if (batch.status === 'failed') throw new Error(`the import failed: ${batch.failure?.message}`);
    await sleep(options.pollMs);
  }
}
