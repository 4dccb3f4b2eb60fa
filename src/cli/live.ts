import { createLogUpdate } from 'log-update';
import pc from 'picocolors';
import type { LeadView } from '../leads/leads/schemas.ts';
import type { ApiClient } from './client.ts';
import type { Asked } from './follow.ts';
import { plain, table } from './table.ts';

const REFRESH_MS = 700;

/** Redraws a table of leads on their way, on standard error, until stopped; nothing when it is no terminal. */
export function liveRows(client: ApiClient, asked: readonly Asked[]): { stop(): void } {
  if (!process.stderr.isTTY) return { stop() {} };
  const draw = createLogUpdate(process.stderr);
  let stopped = false;
  const loop = async (): Promise<void> => {
    while (!stopped) {
      const rows = await Promise.all(asked.map((one) => stateRow(client, one)));
      if (!stopped) draw(table(['site', 'state', 'score'], rows));
      await new Promise((resolve) => setTimeout(resolve, REFRESH_MS));
    }
  };
  loop().catch(() => undefined);
  return {
    stop() {
      stopped = true;
      draw.clear();
    },
  };
}

async function stateRow(client: ApiClient, asked: Asked): Promise<string[]> {
  if (asked.refused) return [plain(asked.url), pc.red(asked.refused.code), ''];
  const lead = await client.get<LeadView>(`/v1/leads/${asked.leadId}`);
  return [plain(asked.url), stateOf(lead), lead.score === null ? '' : String(lead.score)];
}

/** A lead's state in one word, coloured by what it means. */
export function stateOf(lead: LeadView): string {
  if (lead.hold) return pc.yellow(`held: ${lead.hold.code}`);
  if (lead.awaiting) return pc.magenta('awaiting a person');
  if (lead.status === 'qualified') return pc.green('qualified');
  if (lead.status === 'scanning') return pc.cyan('scanning');
  return lead.status;
}
