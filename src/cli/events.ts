import { Command } from 'commander';
import type { EventView } from '../control/events/schemas.ts';
import { readAll } from './client.ts';
import { connect } from './connect.ts';
import { CliError, EXIT } from './exit.ts';
import { followEvents } from './follow-events.ts';
import { acting, interruption, print, printJson } from './output.ts';
import { plain } from './table.ts';

type Options = {
  json?: boolean;
  follow?: boolean;
  type?: string;
  lead?: string;
  run?: string;
  limit: string;
};

/** `agos events`: what happened, the newest of it, oldest first, and with `--follow` what happens. */
export function eventsCommand(): Command {
  return new Command('events')
    .description('list what happened; with --follow, what happens from now on')
    .option('--follow', 'go on until Ctrl-C; with --run, from its beginning to its end')
    .option('--type <types>', 'only these types, with commas between them; not with --follow --run')
    .option('--lead <id>', 'only what is about this lead; not with --follow --run')
    .option('--run <id>', 'only what is about this run')
    .option('--limit <n>', 'how many of the newest at most, without --follow', '50')
    .option('--json', 'one JSON line per event')
    .action((options: Options) =>
      acting(options.json === true, async () => {
        if (options.follow && options.run && (options.type || options.lead))
          throw new CliError(
            EXIT.usage,
            '--follow with --run shows all of that run: leave --type and --lead out.',
          );
        const { client } = await connect();
        const show = (event: EventView): void => (options.json ? printJson(event) : print(lineOf(event)));
        if (options.follow) {
          const path = options.run
            ? `/v1/runs/${encodeURIComponent(options.run)}/events`
            : '/v1/events/stream';
          const query = options.run ? '' : `?${queryOf(options)}`;
          const interrupted = interruption();
          for await (const event of followEvents(client, `${path}${query}`, interrupted)) show(event);
          return interrupted.aborted ? EXIT.interrupted : EXIT.ok;
        }
        const limit = Number(options.limit);
        if (!Number.isInteger(limit) || limit < 1)
          throw new CliError(EXIT.usage, '--limit takes a number from 1.');
        const found = await readAll<EventView>(client, `/v1/events?${queryOf(options)}`, limit);
        for (const event of found.rows.toReversed()) show(event);
        // Not on standard output, which a script reads line by line.
        if (found.more)
          process.stderr.write(`The newest ${limit}; there are more: narrow them or raise --limit.\n`);
        return EXIT.ok;
      }),
    );
}

function queryOf({ type, lead, run }: Options): URLSearchParams {
  const query = new URLSearchParams();
  if (type) query.set('type', type);
  if (lead) query.set('lead_id', lead);
  if (run) query.set('run_id', run);
  return query;
}

function lineOf(event: EventView): string {
  const about = event.lead_id ?? event.batch_id ?? event.audit_id ?? event.run_id ?? '';
  const data = Object.entries(event.data).map(([name, value]) => `${name}=${plain(String(value))}`);
  return [String(event.seq).padStart(6), event.at, event.type.padEnd(20), about, ...data].join('  ');
}
