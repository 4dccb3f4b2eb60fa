import { Command } from 'commander';
import type { ApiClient } from './client.ts';
import { connectOrStart } from './connect.ts';
import { EXIT, type ExitCode, worst } from './exit.ts';
import { type Asked, askTriage, currentLine, untilSettled } from './follow.ts';
import { liveRows } from './live.ts';
import { acting, interruption, print, printJson, unlessInterrupted } from './output.ts';
import { plain, resultTable } from './table.ts';
import { exitCodeOf, type TriageLine } from './triage-line.ts';

type Options = { json?: boolean; wait?: boolean };

/** `agos triage URL...`: scans sites and prints what was found. */
export function triageCommand(): Command {
  return new Command('triage')
    .description('scan one or more websites and say which ones need help, and why')
    .argument('<url...>', 'addresses; without a scheme https is tried first')
    .option(
      '--wait',
      'wait until each site has its result (only a known lead with an industry can wait for a person; its score is printed as it is)',
    )
    .option('--json', 'one JSON line per URL, in order')
    .action((urls: string[], options: Options) =>
      acting(options.json === true, async () => {
        const interrupted = interruption();
        const connection = await connectOrStart(interrupted);
        try {
          const wait = options.wait === true || connection.temporary;
          return await triage(connection.client, urls, { ...options, wait }, interrupted);
        } finally {
          await connection.close();
        }
      }),
    );
}

async function triage(
  client: ApiClient,
  urls: string[],
  options: Options,
  interrupted: AbortSignal,
): Promise<ExitCode> {
  const asked: Asked[] = [];
  for (const url of urls) asked.push(await unlessInterrupted(interrupted, () => askTriage(client, url)));
  const live = options.wait && !options.json ? liveRows(client, asked) : null;
  const lines: TriageLine[] = [];
  try {
    for (const one of asked) {
      if (options.wait) await unlessInterrupted(interrupted, () => untilSettled(client, one));
      const line = await unlessInterrupted(interrupted, () => currentLine(client, one));
      lines.push(line);
      if (options.json) printJson(line);
    }
  } finally {
    live?.stop();
  }
  if (!options.json) await printTable(client, lines);
  return worst(lines.map((line) => (options.wait || line.lead_id === null ? exitCodeOf(line) : EXIT.ok)));
}

async function printTable(client: ApiClient, lines: TriageLine[]): Promise<void> {
  print(resultTable(lines));
  for (const line of lines) {
    const report =
      line.lead_id && (line.score !== null || line.hold)
        ? await client.location(`/v1/leads/${line.lead_id}/report`)
        : null;
    if (report) print(`report of ${plain(line.url)}: ${report}`);
  }
}
