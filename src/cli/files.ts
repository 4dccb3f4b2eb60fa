import { join } from 'node:path';
import { Command } from 'commander';
import { composeStorage } from '../../temporal/storage.ts';
import { StorageError } from '../assets/files/port.ts';
import { type SweepResult, sweepFiles } from '../assets/files/sweep.ts';
import { systemClock } from '../runtime/clock.ts';
import { readConfig, required } from '../runtime/config.ts';
import { openDatabase } from '../runtime/database/database.ts';
import { readRunningStack, withStack } from '../stack/running.ts';
import { dataFolder } from './credentials.ts';
import { CliError, EXIT } from './exit.ts';
import { acting, print, printJson } from './output.ts';

/** `agos files sweep`: removes stored files that no row names. */
export function filesCommand(): Command {
  const sweep = new Command('sweep')
    .description('remove files that are a day old and belong to nothing; run it daily')
    .option('--json', 'one JSON object')
    .action((options: { json?: boolean }) =>
      acting(options.json === true, async () => {
        const { removed, removedBytes, kept, foreign } = await sweepConfigured();
        if (options.json) printJson({ removed, removed_bytes: removedBytes, kept, foreign });
        else {
          const others = foreign === 0 ? '' : `, ${foreign} of tenants of another database left alone`;
          print(`${removed} removed (${removedBytes} bytes), ${kept} kept${others}`);
        }
        return EXIT.ok;
      }),
    );
  return new Command('files').description('manage stored files').addCommand(sweep.exitOverride());
}

async function sweepConfigured(): Promise<SweepResult> {
  const stack = await readRunningStack(dataFolder());
  const config = readConfig(stack ? withStack(process.env, stack.variables) : process.env);
  const storage = composeStorage({
    ...config,
    AGOS_ASSETS_DIR: config.AGOS_ASSETS_DIR ?? join(dataFolder(), 'assets'),
  });
  const url = required(config, 'DATABASE_URL');
  const db = openDatabase({ url, systemUrl: required(config, 'DATABASE_SYSTEM_URL') });
  try {
    return await sweepFiles({ db, storage, clock: systemClock });
  } catch (error) {
    throw error instanceof StorageError ? new CliError(EXIT.unreachable, error.detail) : error;
  } finally {
    await db.close();
  }
}
