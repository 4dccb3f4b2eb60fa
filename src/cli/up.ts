import { Command } from 'commander';
import { createProgress } from '../stack/progress.ts';
import { dataFolder } from './credentials.ts';
import { CliError, EXIT } from './exit.ts';
import { startLocalStack } from './local-stack.ts';
import { acting, interruption, print, printJson, unlessInterrupted } from './output.ts';

/** `agos up`: brings a whole AgOS up on this machine and keeps it up. */
export function upCommand(): Command {
  return new Command('up')
    .description('bring AgOS up on this machine: what is missing is found or provided; ends with Ctrl-C')
    .option('--json', 'one JSON object once it is ready')
    .action((options: { json?: boolean }) =>
      acting(options.json === true, async () => {
        const interrupted = interruption();
        const dataDir = dataFolder();
        const stack = await unlessInterrupted(interrupted, () =>
          startLocalStack({ dataDir, environment: process.env, progress: createProgress() }),
        );
        try {
          const addresses = {
            url: stack.url,
            reference: `${stack.url}/reference`,
            temporal_ui: stack.temporalUiUrl,
            credentials: `${dataDir}/credentials`,
          };
          if (options.json) printJson(addresses);
          else {
            print(`API reference    ${addresses.reference}`);
            print(`Temporal Web UI  ${addresses.temporal_ui ?? 'of the server that TEMPORAL_ADDRESS names'}`);
            print(`Key              in ${addresses.credentials} (npx agos uses it by itself)`);
          }
          const ended = await Promise.race([stack.failed, untilAborted(interrupted)]);
          if (ended !== null) throw new CliError(EXIT.unreachable, ended);
          return EXIT.interrupted;
        } finally {
          await stack.stop();
        }
      }),
    );
}

/** Resolves with null when the signal fires. */
export function untilAborted(signal: AbortSignal): Promise<null> {
  if (signal.aborted) return Promise.resolve(null);
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true }));
}
