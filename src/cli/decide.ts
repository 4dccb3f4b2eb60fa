import { Command, Option } from 'commander';
import { connect } from './connect.ts';
import { EXIT } from './exit.ts';
import { acting, print, printJson } from './output.ts';

type Options = { json?: boolean; as: string; reason?: string };
type Decided = { outcome: string; decided_at: string };

/** `agos decide LEAD`: settles a score that waits for a person. */
export function decideCommand(): Command {
  return new Command('decide')
    .description('decide on a lead whose score waits for a person')
    .argument('<lead>', 'id of the lead')
    .addOption(
      new Option('--as <outcome>', 'what it is').choices(['qualified', 'disqualified']).makeOptionMandatory(),
    )
    .option('--reason <text>', 'why, for the record')
    .option('--json', 'one JSON object')
    .action((lead: string, options: Options) =>
      acting(options.json === true, async () => {
        const { client } = await connect();
        const { body } = await client.post<Decided>(`/v1/leads/${encodeURIComponent(lead)}/decision`, {
          outcome: options.as,
          ...(options.reason && { reason: options.reason }),
        });
        if (options.json) printJson(body);
        else print(`Decided: ${body.outcome}.`);
        return EXIT.ok;
      }),
    );
}
