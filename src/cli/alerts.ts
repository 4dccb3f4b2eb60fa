import { Command } from 'commander';
import pc from 'picocolors';
import type { AlertView } from '../control/alerts/schemas.ts';
import { type AlertDoor, installationAlerts } from './alerts-global.ts';
import { readAll } from './client.ts';
import { connect } from './connect.ts';
import { CliError, EXIT } from './exit.ts';
import { acting, print, printJson } from './output.ts';
import { plain, table } from './table.ts';

type Options = { json?: boolean; global?: boolean };
type ListOptions = Options & { all?: boolean; limit: string };
type MoveOptions = Options & { note?: string };

const GLOBAL = 'of the installation, on the connection of the database’s owner';

/** `agos alerts`: what people have to look at; `ack` takes one up, `resolve` ends it. */
export function alertsCommand(): Command {
  const command = new Command('alerts')
    .description('list what has to be looked at: open alerts, newest first')
    .option('--all', 'ended ones too')
    .option('--global', GLOBAL)
    .option('--limit <n>', 'how many at most', '50')
    .option('--json', 'one JSON line per alert')
    .action((options: ListOptions) =>
      acting(options.json === true, async () => {
        const limit = Number(options.limit);
        if (!Number.isInteger(limit) || limit < 1)
          throw new CliError(EXIT.usage, '--limit takes a number from 1.');
        const door = await doorOf(options);
        const found = await door.list({ all: options.all === true, limit });
        if (options.json) for (const alert of found.rows) printJson(alert);
        else print(found.rows.length === 0 ? 'No alerts.' : alertTable(found.rows));
        if (found.more) process.stderr.write(`The first ${limit}; there are more: raise --limit.\n`);
        return EXIT.ok;
      }),
    );
  command.addCommand(moveCommand('ack', 'acknowledge', 'say that somebody is at it'));
  command.addCommand(moveCommand('resolve', 'resolve', 'say that it is settled, though it may still be so'));
  return command;
}

function moveCommand(name: string, verb: 'acknowledge' | 'resolve', description: string): Command {
  return new Command(name)
    .exitOverride()
    .description(description)
    .argument('<id>', 'the alert')
    .option('--note <text>', 'what is to be known of it')
    .option('--global', GLOBAL)
    .option('--json', 'the alert as one JSON object')
    .action((id: string, _options: MoveOptions, command: Command) => {
      // The list takes some of the same words: they reach this command through it.
      const options: MoveOptions = command.optsWithGlobals();
      return acting(options.json === true, async () => {
        const alert = await (await doorOf(options)).move({ id, verb, note: options.note });
        if (options.json) printJson(alert);
        else print(alertTable([alert]));
        return EXIT.ok;
      });
    });
}

async function doorOf(options: Options): Promise<AlertDoor> {
  return options.global ? installationAlerts : tenantAlerts();
}

async function tenantAlerts(): Promise<AlertDoor> {
  const { client } = await connect();
  return {
    list: ({ all, limit }) => readAll<AlertView>(client, `/v1/alerts${all ? '' : '?open=true'}`, limit),
    move: async ({ id, verb, note }) => {
      const path = `/v1/alerts/${encodeURIComponent(id)}/${verb}`;
      return (await client.post<AlertView>(path, { ...(note !== undefined && { note }) })).body;
    },
  };
}

function alertTable(alerts: readonly AlertView[]): string {
  const rows = alerts.map((alert) => [
    alert.id,
    alert.severity === 'critical' ? pc.red(alert.severity) : pc.yellow(alert.severity),
    alert.status,
    alert.last_seen_at.slice(0, 16),
    plain([alert.summary, noteOf(alert)].filter(Boolean).join(' ')),
  ]);
  return table(['alert', 'severity', 'state', 'last seen', 'what is so, and what to do'], rows);
}

const noteOf = ({ acknowledged_note, resolved_note }: AlertView): string | null => {
  const note = resolved_note ?? acknowledged_note;
  return note && `(${note})`;
};
