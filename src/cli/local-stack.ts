import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnOwned, tailOf } from '../stack/owned.ts';
import { freePort } from '../stack/ports.ts';
import { elapsed, type Progress } from '../stack/progress.ts';
import { type RunningStack, startStack } from '../stack/stack.ts';
import { checkDatabase } from './check-database.ts';
import { removeCredentials, writeCredentials } from './credentials.ts';
import { CliError, EXIT } from './exit.ts';
import { provideLocalKey } from './local-key.ts';
import { migrateAll } from './migrate-all.ts';
import { namespaceSetup } from './namespace-setup.ts';
import { localSecrets } from './secrets.ts';
import { stopFilePath } from './stop-file-path.ts';

export type LocalStackOptions = {
  dataDir: string;
  environment: NodeJS.ProcessEnv;
  progress: Progress;
  /** More variables for API and worker, such as the demo's allowed targets. */
  extra?: Record<string, string>;
};

/** A whole AgOS on this machine: servers, migrated database, API, worker, and a key to use it. */
export type LocalStack = {
  url: string;
  apiKey: string;
  temporalUiUrl: string | null;
  /** Resolves with a sentence when a part ends by itself. */
  failed: Promise<string>;
  stop(): Promise<void>;
};

/** Starts every part that is missing; ends what it started when one of them fails. */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const startedMs = Date.now();
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  options.progress.line(`Node ${process.versions.node} at ${process.execPath}`);
  const secrets = { ...localSecrets(options.dataDir), ...given(options.environment) };
  const port = await freePort(8080);
  const assetsPort = await freePort(8081);
  const url = `http://127.0.0.1:${port}`;
  const stack = await startStack({
    dataDir: options.dataDir,
    environment: { ...options.environment, ...options.extra },
    progress: options.progress,
    namespaceSetup,
    uiCodecEndpoint: `${url}/codec/${secrets.AGOS_CODEC_TOKEN}`,
  });
  try {
    // A stack that was killed has left them; its port may be somebody else's by now.
    removeCredentials(options.dataDir);
    const environment = {
      ...stack.environment,
      ...secrets,
      AGOS_PORT: String(port),
      AGOS_PUBLIC_URL: url,
      AGOS_ASSETS_PORT: String(assetsPort),
      AGOS_ASSETS_URL: `http://127.0.0.1:${assetsPort}`,
      AGOS_ASSETS_DIR: join(options.dataDir, 'assets'),
      AGOS_STOP_FILE: stopFilePath(options.dataDir, options.environment),
    };
    return await startProcesses(options, stack, environment, { url, startedMs });
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

const SECRET_NAMES = ['AGOS_SIGNING_SECRET', 'AGOS_PAYLOAD_KEYS', 'AGOS_CODEC_TOKEN'] as const;

function given(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    SECRET_NAMES.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])),
  );
}

async function startProcesses(
  options: LocalStackOptions,
  stack: RunningStack,
  environment: Record<string, string>,
  about: { url: string; startedMs: number },
): Promise<LocalStack> {
  const { progress, dataDir } = options;
  const { DATABASE_ADMIN_URL: adminUrl, ...withoutOwner } = environment;
  if (adminUrl) await migrateAll({ environment, progress });
  else await checkDatabase({ environment, progress });
  const owned = (name: string, script: string) => ({
    name,
    log: join(dataDir, `${name}.log`),
    process: spawnOwned(process.execPath, [join(ROOT, script)], {
      logFile: join(dataDir, `${name}.log`),
      env: withoutOwner,
      cwd: ROOT,
      stopTimeoutMs: 20_000,
    }),
  });
  const parts = [owned('worker', 'temporal/main.ts'), owned('api', 'src/api/main.ts')];
  const died = Promise.race(
    parts.map(async (part) => `The ${part.name} ended (${await part.process.exited}): ${tailOf(part.log)}`),
  );
  const stop = async (): Promise<void> => {
    progress.line('Ending what was started; Ctrl-C ends it at once');
    removeCredentials(dataDir);
    await Promise.all(parts.map((part) => part.process.stop()));
    await stack.stop();
  };
  const { url, startedMs } = about;
  let apiKey: string;
  try {
    await untilReady(url, died);
    apiKey = await provideLocalKey({ dataDir, environment, url });
  } catch (error) {
    await stop();
    throw error;
  }
  progress.line(`AgOS ready at ${url} in ${elapsed(startedMs)}`);
  const temporalUiUrl = environment.AGOS_TEMPORAL_UI_URL ?? null;
  writeCredentials(dataDir, { url, api_key: apiKey });
  return { url, apiKey, temporalUiUrl, failed: Promise.race([stack.failed, died]), stop };
}

const ROOT = join(import.meta.dirname, '../..');
const READY_WITHIN_MS = 60_000;

async function untilReady(url: string, died: Promise<string>): Promise<void> {
  let ended: string | null = null;
  void died.then((sentence) => {
    ended = sentence;
  });
  const deadlineMs = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadlineMs && ended === null) {
    const ready = await fetch(`${url}/readyz`).catch(() => null);
    if (ready?.ok) return;
    await sleep(150);
  }
  throw new CliError(
    EXIT.unreachable,
    ended ?? `AgOS did not become ready within ${READY_WITHIN_MS / 1000} s.`,
  );
}
