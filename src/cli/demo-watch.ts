import { setTimeout as sleep } from 'node:timers/promises';
import { createLogUpdate } from 'log-update';
import type { BatchView } from '../leads/batches/schemas.ts';
import type { LeadView } from '../leads/leads/schemas.ts';
import { type ApiClient, readAll } from './client.ts';
import { stateOf } from './live.ts';
import { plain, table } from './table.ts';

const REFRESH_MS = 800;
const SHOWN_LEADS = 500;
const OPEN = new Set<BatchView['status']>(['pending', 'processing']);

/** Shows a batch's leads while they move, until the batch has ended; a line each time one ends when it is no terminal. */
export async function watchBatch(
  client: ApiClient,
  batchId: string,
  interrupted: AbortSignal,
  quiet: boolean,
): Promise<BatchView> {
  const draw = process.stderr.isTTY && !quiet ? createLogUpdate(process.stderr) : null;
  const told = new Set<string>();
  for (;;) {
    const batch = await client.get<BatchView>(`/v1/batches/${batchId}`);
    const { rows: data } = await readAll<LeadView>(client, '/v1/leads?sort=created_at', SHOWN_LEADS);
    if (draw) draw(liveTable(batch, data));
    else if (!quiet) tellEnds(data, told);
    if (!OPEN.has(batch.status) || interrupted.aborted) {
      draw?.clear();
      return batch;
    }
    await sleep(REFRESH_MS);
  }
}

function liveTable(batch: BatchView, leads: LeadView[]): string {
  const { processed, total } = batch.counts;
  const rows = leads.map((lead) => [
    plain(lead.domain),
    stateOf(lead),
    lead.score === null ? '' : String(lead.score),
  ]);
  return `${table(['site', 'state', 'score'], rows)}\n${processed} of ${total} lines done`;
}

function tellEnds(leads: LeadView[], told: Set<string>): void {
  for (const lead of leads) {
    const state = stateOf(lead);
    if (lead.status === 'new' && lead.hold === null) continue;
    const line = `${plain(lead.domain)}: ${state}${lead.score === null ? '' : ` (${lead.score})`}`;
    if (lead.status === 'scanning' && lead.awaiting === null) continue;
    if (told.has(line)) continue;
    told.add(line);
    process.stderr.write(`${line}\n`);
  }
}
