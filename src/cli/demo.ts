import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Command } from 'commander';
import type { SpendView } from '../control/spend/routes.ts';
import { usd } from '../control/spend/rules.ts';
import type { BatchView } from '../leads/batches/schemas.ts';
import type { LeadView } from '../leads/leads/schemas.ts';
import { createProgress } from '../stack/progress.ts';
import { describeBatch, problemLines } from './batch.ts';
import { type ApiClient, createClient, readAll } from './client.ts';
import { dataFolder } from './credentials.ts';
import { startDemoSites } from './demo-sites.ts';
import { watchBatch } from './demo-watch.ts';
import { CliError, EXIT, type ExitCode, worst } from './exit.ts';
import { type Asked, askTriage, currentLine, untilSettled } from './follow.ts';
import { startImport } from './import.ts';
import { type LocalStack, startLocalStack } from './local-stack.ts';
import { acting, interruption, print, printJson, unlessInterrupted } from './output.ts';
import { plain, resultTable } from './table.ts';
import { exitCodeOf, leadLine, type TriageLine } from './triage-line.ts';
import { untilAborted } from './up.ts';

const SHOWN_LEADS = 500;

type Options = { url: string[]; exit?: boolean; json?: boolean };

/** `agos demo`: the whole of AgOS on example sites, or on a site of the user's. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('bring everything up, triage the example sites, and show what was found')
    .option('--url <url>', 'triage this site too (may be given several times)', collect, [])
    .option('--exit', 'end when every lead has its result, instead of with Ctrl-C')
    .option('--json', 'one JSON object with the results')
    .action((options: Options) =>
      acting(options.json === true, async () => {
        const interrupted = interruption();
        const dataDir = join(dataFolder(), 'demo');
        const sites = await startDemoSites(dataDir);
        try {
          const stack = await unlessInterrupted(interrupted, () =>
            startLocalStack({
              dataDir,
              environment: process.env,
              progress: createProgress(),
              extra: sites.environment,
            }),
          );
          try {
            process.stderr.write(`${sites.count} example sites served under their own names\n`);
            return await show(stack, sites.leadsFile, options, interrupted);
          } finally {
            await stack.stop();
          }
        } finally {
          await sites.close();
        }
      }),
    );
}

const collect = (value: string, before: string[]): string[] => [...before, value];

async function show(
  stack: LocalStack,
  leadsFile: string,
  options: Options,
  interrupted: AbortSignal,
): Promise<ExitCode> {
  const client = createClient(stack.url, stack.apiKey);
  const own: Asked[] = [];
  for (const url of options.url) own.push(await unlessInterrupted(interrupted, () => askTriage(client, url)));
  const file = { name: 'leads.csv', bytes: readFileSync(leadsFile), mime: 'text/csv' };
  const started = await unlessInterrupted(interrupted, () => startImport(client, file, true));
  const work = (async () => {
    const batch = await watchBatch(client, started.id, interrupted, options.json === true);
    for (const asked of own) await untilSettled(client, asked);
    return batch;
  })();
  const batch = await Promise.race([work, stack.failed, untilAborted(interrupted)]);
  if (batch === null || interrupted.aborted) return EXIT.interrupted;
  if (typeof batch === 'string') throw new CliError(EXIT.unreachable, batch);
  const lines = await Promise.all(own.map((asked) => currentLine(client, asked)));
  const stays = options.exit !== true;
  await printResults(client, stack, { batch, lines, json: options.json === true, stays });
  // What the examples come to is no fault; a site of the user's counts as with `agos triage`.
  if (!stays) return worst(lines.map(exitCodeOf));
  const ended = await Promise.race([stack.failed, untilAborted(interrupted)]);
  if (ended !== null) throw new CliError(EXIT.unreachable, ended);
  return EXIT.interrupted;
}

async function printResults(
  client: ApiClient,
  stack: LocalStack,
  what: { batch: BatchView; lines: TriageLine[]; json: boolean; stays: boolean },
): Promise<void> {
  const found = await readAll<LeadView>(client, '/v1/leads?sort=-score', SHOWN_LEADS);
  const leads = await Promise.all(
    found.rows.map(async (lead) => ({
      lead,
      report: lead.latest_audit_id ? await client.location(`/v1/leads/${lead.id}/report`) : null,
    })),
  );
  const problems = await problemLines(client, what.batch.id);
  const links = { api_reference: `${stack.url}/reference`, temporal_ui: stack.temporalUiUrl };
  if (what.json) {
    printJson({
      batch: what.batch,
      problems,
      leads: leads.map(({ lead, report }) => ({ ...lead, report })),
      spend: await client.get<SpendView>('/v1/spend'),
      lines: what.lines,
      links,
    });
    return;
  }
  print(describeBatch(what.batch, problems));
  print('Reports:');
  for (const { lead, report } of leads) if (report) print(`  ${siteOf(lead)}  ${report}`);
  const own = new Set(what.lines.map((line) => line.lead_id));
  const examples = leads.filter(({ lead }) => !own.has(lead.id));
  print(resultTable(examples.map(({ lead }) => lineOf(lead))));
  if (what.lines.length > 0) {
    print('Sites that you named:');
    print(resultTable(what.lines));
  }
  print(costLine(await client.get<SpendView>('/v1/spend')));
  if (what.stays) {
    for (const { lead } of leads) if (lead.awaiting) print(howToDecide(lead));
  }
  print(`API reference:    ${links.api_reference}`);
  print(`Temporal Web UI:  ${links.temporal_ui ?? 'of the server that TEMPORAL_ADDRESS names'}`);
  if (what.stays) print('Everything stays up until Ctrl-C.');
  else print('The links end with the demo, now: leave out --exit to open them.');
}

/** What a scan came to, against what the product promises. */
function costLine({ month }: SpendView): string {
  const { triage_micro_usd: cost, triage_target_micro_usd: target, triages } = month;
  if (cost === null) return '';
  return `Cost of a triage:  ${usd(cost)}, measured over ${triages} (CPU time and model tokens); the target is ${usd(target)}.`;
}

/** The port is the same for every example site and says nothing. */
const siteOf = (lead: LeadView): string => plain(lead.domain.replace(/:8443$/, ''));

const lineOf = (lead: LeadView): TriageLine => {
  const { score, reasons } = lead;
  return { ...leadLine(siteOf(lead), lead, null), score, reasons };
};

function howToDecide(lead: LeadView): string {
  const folder = relative('.', join(dataFolder(), 'demo'));
  return `${siteOf(lead)} waits for you: AGOS_DATA_DIR=${folder} npx agos decide ${lead.id} --as qualified`;
}
