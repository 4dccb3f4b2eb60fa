import { Command } from 'commander';
import type { LeadView } from '../leads/leads/schemas.ts';
import { readAll } from './client.ts';
import { connect } from './connect.ts';
import { CliError, EXIT } from './exit.ts';
import { stateOf } from './live.ts';
import { acting, print, printJson } from './output.ts';
import { plain, table } from './table.ts';

type Options = { json?: boolean; status?: string; held?: boolean; limit: string };

/** `agos leads`: lists leads, newest first. */
export function leadsCommand(): Command {
  return new Command('leads')
    .description('list leads, newest first')
    .option('--status <status>', 'only leads in this status')
    .option('--held', 'only leads whose work could not finish')
    .option('--limit <n>', 'how many at most', '50')
    .option('--json', 'one JSON line per lead')
    .action((options: Options) =>
      acting(options.json === true, async () => {
        const limit = Number(options.limit);
        if (!Number.isInteger(limit) || limit < 1)
          throw new CliError(EXIT.usage, '--limit takes a number from 1.');
        const { client } = await connect();
        const query = new URLSearchParams();
        if (options.status) query.set('status', options.status);
        if (options.held) query.set('held', 'true');
        const found = await readAll<LeadView>(client, `/v1/leads?${query}`, limit);
        if (options.json) for (const lead of found.rows) printJson(lead);
        else print(leadTable(found.rows));
        // Not on standard output, which a script reads line by line.
        if (found.more)
          process.stderr.write(`The first ${limit}; there are more: narrow them or raise --limit.\n`);
        return EXIT.ok;
      }),
    );
}

function leadTable(leads: readonly LeadView[]): string {
  const rows = leads.map((lead) => [
    lead.id,
    plain(lead.domain),
    plain(lead.company_name ?? ''),
    stateOf(lead),
    lead.score === null ? '–' : String(lead.score),
  ]);
  return table(['lead', 'domain', 'company', 'state', 'score'], rows);
}
