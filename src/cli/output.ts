import { AgosError } from '../kernel/errors.ts';
import { StackRunsError } from '../stack/running.ts';
import { PlaybookError } from '../triage/playbooks/load.ts';
import { ApiError } from './client.ts';
import { CliError, EXIT, type ExitCode } from './exit.ts';

/** Prints one value as a line of JSON. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** Prints text for people. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Runs a command's action and turns what it throws into a sentence and an exit code. */
export async function acting(json: boolean, action: () => Promise<ExitCode>): Promise<void> {
  try {
    process.exitCode = await action();
  } catch (error) {
    const { exitCode, code, message } = explain(error);
    if (json) printJson({ error: code, message });
    else process.stderr.write(`${message}\n`);
    process.exitCode = exitCode;
  }
  // What still polls or waits has nobody to tell; children that are left end with this process.
  if (process.exitCode === EXIT.interrupted) process.exit();
}

function explain(error: unknown): { exitCode: ExitCode; code: string; message: string } {
  if (error instanceof CliError) {
    const code = error.exitCode === EXIT.interrupted ? 'interrupted' : 'command_failed';
    return { exitCode: error.exitCode, code, message: error.message };
  }
  if (error instanceof StackRunsError)
    return { exitCode: EXIT.usage, code: 'command_failed', message: error.message };
  if (error instanceof PlaybookError)
    return { exitCode: EXIT.refused, code: 'command_failed', message: error.message };
  if (error instanceof AgosError) return { exitCode: EXIT.refused, code: error.code, message: error.message };
  if (error instanceof ApiError) {
    const exitCode = error.unreachable ? EXIT.unreachable : EXIT.refused;
    return { exitCode, code: error.code, message: error.message };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { exitCode: EXIT.unreachable, code: 'command_failed', message };
}

/** Does work unless the signal has fired, and waits for it until it fires; then throws the exit code of an interruption. */
export async function unlessInterrupted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const interruption = () => new CliError(EXIT.interrupted, 'Interrupted.');
  if (signal.aborted) throw interruption();
  let stop = (): void => undefined;
  const interrupted = new Promise<never>((_, reject) => {
    stop = () => reject(interruption());
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work(), interrupted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** An abort signal that the first Ctrl-C or SIGTERM fires; the second one ends the process at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return controller.signal;
}
