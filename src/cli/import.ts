import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import type { BatchView } from '../leads/batches/schemas.ts';
import { describeBatch, problemLines } from './batch.ts';
import type { ApiClient } from './client.ts';
import { connectOrStart } from './connect.ts';
import { CliError, EXIT, type ExitCode } from './exit.ts';
import { acting, interruption, print, printJson, unlessInterrupted } from './output.ts';
import { plain } from './table.ts';

type Options = { json?: boolean; wait?: boolean; triage: boolean };

const POLL_MS = 500;
const MIMES: Record<string, string> = { '.csv': 'text/csv', '.json': 'application/json' };

/** `agos import FILE`: imports leads from CSV or JSON and triages them. */
export function importCommand(): Command {
  return new Command('import')
    .description('import leads from a CSV or JSON file (also the JSON of an Airtable view) and triage them')
    .argument('<file>', 'the file')
    .option('--wait', 'wait until every lead has its result')
    .option('--no-triage', 'import only')
    .option('--json', 'one JSON object')
    .action((file: string, options: Options) =>
      acting(options.json === true, async () => {
        const interrupted = interruption();
        const mime = MIMES[extname(file).toLowerCase()];
        if (!mime) throw new CliError(EXIT.usage, 'Give a file that ends in .csv or .json.');
        const bytes = await readFile(file).catch(() => {
          throw new CliError(EXIT.usage, `${file} cannot be read.`);
        });
        const connection = await connectOrStart(interrupted);
        try {
          const upload = { name: basename(file), bytes, mime };
          const started = await unlessInterrupted(interrupted, () =>
            startImport(connection.client, upload, options.triage),
          );
          const batch =
            options.wait || connection.temporary
              ? await unlessInterrupted(interrupted, () => untilDone(connection.client, started.id))
              : started;
          const problems = await problemLines(connection.client, batch.id);
          if (options.json) printJson({ ...batch, problems });
          else print(describeBatch(batch, problems));
          return exitCodeOf(batch);
        } finally {
          await connection.close();
        }
      }),
    );
}

/** Uploads a file of leads and starts its import. */
export async function startImport(
  client: ApiClient,
  file: { name: string; bytes: Uint8Array; mime: string },
  triage: boolean,
): Promise<BatchView> {
  const query = new URLSearchParams({ name: file.name, triage: String(triage) });
  const { body } = await client.upload<{ batch: BatchView }>(`/v1/batches?${query}`, file.bytes, file.mime);
  return body.batch;
}

async function untilDone(client: ApiClient, id: string): Promise<BatchView> {
  let told: string | null = null;
  for (;;) {
    const batch = await client.get<BatchView>(`/v1/batches/${id}`);
    const why = batch.paused?.message ?? null;
    if (why !== null && why !== told) process.stderr.write(`\n${plain(why)}\n`);
    told = why;
    if (batch.status !== 'pending' && batch.status !== 'processing') return batch;
    if (process.stderr.isTTY) {
      const { processed, total } = batch.counts;
      process.stderr.write(`\r${processed} of ${total} leads done`);
    }
    await sleep(POLL_MS);
  }
}

function exitCodeOf(batch: BatchView): ExitCode {
  if (batch.status === 'failed') return EXIT.refused;
  if (batch.counts.rejected > 0) return EXIT.refused;
  return batch.counts.error > 0 || batch.counts.awaiting > 0 ? EXIT.heldOrAwaiting : EXIT.ok;
}
