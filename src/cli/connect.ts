import { createProgress } from '../stack/progress.ts';
import { readRunningStack } from '../stack/running.ts';
import { addressIn } from './address.ts';
import { type ApiClient, createClient } from './client.ts';
import { dataFolder, readCredentials } from './credentials.ts';
import { CliError, EXIT } from './exit.ts';
import { startLocalStack } from './local-stack.ts';
import { unlessInterrupted } from './output.ts';

export type Connection = {
  client: ApiClient;
  url: string;
  /** The stack was started for this call and ends with it: what was asked for must be waited for. */
  temporary: boolean;
  close(): Promise<void>;
};

const nothing = async (): Promise<void> => undefined;

/** A client for `AGOS_URL`, else for the stack that runs here; throws exit code 3 when there is none. */
export async function connect(): Promise<Connection> {
  const { AGOS_URL, AGOS_API_KEY } = process.env;
  const found = AGOS_URL ? null : await runningStack();
  const url = AGOS_URL ? addressIn('AGOS_URL', AGOS_URL) : found?.url;
  const apiKey = AGOS_URL ? AGOS_API_KEY : found?.api_key;
  if (!url)
    throw new CliError(EXIT.unreachable, 'No AgOS runs here. Start one with `npx agos up`, or set AGOS_URL.');
  if (!apiKey)
    throw new CliError(EXIT.usage, 'Set AGOS_API_KEY to a key of that server (see `npx agos token`).');
  return { client: createClient(url, apiKey), url, temporary: false, close: nothing };
}

/** Like `connect`, but brings a stack up for this call when none runs and `AGOS_URL` is not set. */
export async function connectOrStart(interrupted: AbortSignal): Promise<Connection> {
  if (process.env.AGOS_URL || (await runningStack())) return connect();
  const stack = await unlessInterrupted(interrupted, () =>
    startLocalStack({ dataDir: dataFolder(), environment: process.env, progress: createProgress() }),
  );
  return {
    client: createClient(stack.url, stack.apiKey),
    url: stack.url,
    temporary: true,
    close: stack.stop,
  };
}

/** The lock of the folder says whether its stack lives: on its port somebody else may answer by now. */
async function runningStack() {
  return (await readRunningStack(dataFolder())) ? readCredentials(dataFolder()) : null;
}
