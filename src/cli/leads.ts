import { Command } from 'commander';
import type { LeadView } from '../leads/leads/schemas.ts';
import { connect } from './connect.ts';
import { EXIT } from './exit.ts';
import { stateOf } from './live.ts';
import { acting, print, printJson } from './output.ts';
import { plain, table } from './table.ts';

type Options = { json?: boolean; status?: string; held?: boolean; limit: string };
type Page = { data: LeadView[]; next_cursor: string | null };

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
        const { client } = await connect();
        const query = new URLSearchParams({ limit: options.limit });
        if (options.status) query.set('status', options.status);
        if (options.held) query.set('held', 'true');
        const page = await client.get<Page>(`/v1/leads?${query}`);
        if (options.json) for (const lead of page.data) printJson(lead);
        else print(leadTable(page));
        return EXIT.ok;
      }),
    );
}

function leadTable(page: Page): string {
  const rows = page.data.map((lead) => [
    lead.id,
    plain(lead.domain),
    plain(lead.company_name ?? ''),
    stateOf(lead),
    lead.score === null ? '–' : String(lead.score),
  ]);
  const more = page.next_cursor ? '\nThere are more; narrow them with --status or raise --limit.' : '';
  return table(['lead', 'domain', 'company', 'state', 'score'], rows) + more;
}
