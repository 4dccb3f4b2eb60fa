import { Command } from 'commander';
import type { BatchItemView, BatchView } from '../leads/batches/schemas.ts';
import { type ApiClient, readAll } from './client.ts';
import { connect } from './connect.ts';
import { EXIT } from './exit.ts';
import { acting, print, printJson } from './output.ts';
import { paragraph, plain, table } from './table.ts';

/** `agos batch ID`: an import's counts and the lines that were not good. */
export function batchCommand(): Command {
  return new Command('batch')
    .description('show an import: its counts, and every line with something wrong')
    .argument('<id>', 'id of the batch')
    .option('--json', 'one JSON object')
    .action((id: string, options: { json?: boolean }) =>
      acting(options.json === true, async () => {
        const { client } = await connect();
        const batch = await client.get<BatchView>(`/v1/batches/${encodeURIComponent(id)}`);
        const problems = await problemLines(client, batch.id);
        if (options.json) printJson({ ...batch, problems });
        else print(describeBatch(batch, problems));
        return EXIT.ok;
      }),
    );
}

/** Every line of a batch that carries an error. */
export async function problemLines(client: ApiClient, batchId: string): Promise<BatchItemView[]> {
  const path = `/v1/batches/${batchId}/items?with_errors=true`;
  return (await readAll<BatchItemView>(client, path)).rows;
}

/** A batch in words, then as a table what was wrong line by line. */
export function describeBatch(batch: BatchView, problems: readonly BatchItemView[]): string {
  const { counts } = batch;
  const shown = {
    qualified: counts.qualified,
    disqualified: counts.disqualified,
    awaiting: counts.awaiting,
    held: counts.error,
    unprocessed: counts.unprocessed,
    refused: counts.rejected,
    [counts.duplicates === 1 ? 'duplicate' : 'duplicates']: counts.duplicates,
  };
  const rows = problems.flatMap((item) =>
    item.errors.map((error) => [String(item.line), plain(error.column ?? '–'), plain(error.reason)]),
  );
  const wrong = rows.length > 0 ? `\n${table(['line', 'column', 'what is wrong'], rows)}` : '';
  const why = batch.failure ?? batch.paused;
  const reason = why ? `\n${plain(why.message)}` : '';
  const parts = Object.entries(shown).filter(([, count]) => count > 0);
  const of = parts.map(([name, count]) => `${count} ${name}`).join(', ');
  const summary = `${plain(batch.name)}: ${batch.status}, ${counts.total} lines${of && `: ${of}`}.`;
  return paragraph(summary) + reason + wrong;
}
