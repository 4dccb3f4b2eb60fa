import { Command } from 'commander';
import type { ReceiptView, StatusView } from '../control/kill-switch/schemas.ts';
import { ApiError } from './client.ts';
import { connect } from './connect.ts';
import { CliError, EXIT } from './exit.ts';
import { globalOff, globalOn, globalStatus } from './kill-global.ts';
import { exitOf, printReceipt, printStatus } from './kill-words.ts';
import { acting, printJson } from './output.ts';

type Options = { json?: boolean; global?: boolean; reason?: string };

/** `agos kill on|off|status`: stops all work of a tenant, or of everybody, and tells what that met. */
export function killCommand(): Command {
  const command = new Command('kill').description(
    'stop all work, let it begin again, or see what is stopped',
  );
  for (const one of [onCommand(), offCommand(), statusCommand()]) command.addCommand(one.exitOverride());
  return command;
}

const EVERYBODY = 'of every tenant, on the connection of the database’s owner';

function onCommand(): Command {
  return new Command('on')
    .description('nothing starts any more; what is at work is aborted and its leads are held')
    .requiredOption('--reason <text>', 'why; everybody who is refused reads it')
    .option('--global', EVERYBODY)
    .option('--json', 'the receipt as one JSON object')
    .action((options: Options) =>
      acting(options.json === true, async () => {
        const reason = oneLine(options.reason ?? '');
        if (options.global) return globalOn(reason, options.json === true);
        const { body } = await orGlobal(async () => {
          const { client } = await connect();
          return client.post<ReceiptView>('/v1/kill-switches', { reason });
        });
        if (options.json) printJson(body);
        else printReceipt('tenant', body);
        return exitOf(body);
      }),
    );
}

function offCommand(): Command {
  return new Command('off')
    .description('work may begin again; what was held waits for somebody to start it')
    .option('--reason <text>', 'why, for the record')
    .option('--global', `${EVERYBODY}, and of this machine`)
    .option('--json', 'one JSON object')
    .action((options: Options) =>
      acting(options.json === true, async () => {
        const reason = options.reason === undefined ? null : oneLine(options.reason);
        if (options.global) return globalOff(reason, options.json === true);
        const { client } = await connect();
        const { body } = await client.post<StatusView>('/v1/kill-switches/off', {
          ...(reason !== null && { reason }),
        });
        if (options.json) printJson(body);
        else printStatus(body);
        return EXIT.ok;
      }),
    );
}

function statusCommand(): Command {
  return new Command('status')
    .description('what is stopped now, why, and what that met')
    .option('--global', EVERYBODY)
    .option('--json', 'one JSON object')
    .action((options: Options) =>
      acting(options.json === true, async () => {
        if (options.global) return globalStatus(options.json === true);
        const { client } = await connect();
        const status = await client.get<StatusView>('/v1/kill-switch');
        const receipt =
          status.tenant && (await client.get<ReceiptView>(`/v1/kill-switches/${status.tenant.id}`));
        if (options.json) printJson({ ...status, receipt });
        else {
          printStatus(status);
          if (receipt) printReceipt('tenant', receipt);
        }
        return EXIT.ok;
      }),
    );
}

/** As the API takes a reason; checked here too, since the global switch never meets the API. */
function oneLine(text: string): string {
  const reason = text.trim();
  if (reason === '' || reason.length > 500 || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(reason))
    throw new CliError(EXIT.usage, 'Give a reason of one line, 500 characters at most.');
  return reason;
}

/** Who stops work is in a hurry: a refusal for want of the API says what works without it. */
async function orGlobal<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const unreachable =
      error instanceof ApiError ? error.unreachable : (error as CliError).exitCode === EXIT.unreachable;
    if (!unreachable || !(error instanceof Error)) throw error;
    throw new CliError(
      EXIT.unreachable,
      `${error.message}\nNothing was stopped. Without the API: \`npx agos kill on --global --reason ...\`, which stops every tenant.`,
    );
  }
}
