import { realpathSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import type { Environment } from './cache.ts';
import { findChromium } from './chromium/find.ts';
import { notOurs, provideDatabase, provideTemporal, type StackPart } from './parts.ts';
import type { Progress } from './progress.ts';
import { forgetStack, recordStack, takeDataDir, withStack } from './running.ts';
import type { NamespaceSetup } from './temporal/namespace-setup.ts';

export type StartStackOptions = {
  /** Everything that this stack keeps; one stack at a time. */
  dataDir: string;
  environment: Environment;
  progress: Progress;
  /** The search attributes of AgOS, and how a namespace gets them. */
  namespaceSetup: NamespaceSetup;
  /** Address of the codec endpoint that Temporal's Web UI asks to decrypt payloads. */
  uiCodecEndpoint?: string;
  /** False starts no Web UI. */
  ui?: boolean;
  /** False where no browser is needed. */
  chromium?: boolean;
};

export type RunningStack = {
  /** The whole environment for the API and the workers: pass it to them as it is, without ours below it. */
  environment: Record<string, string>;
  parts: StackPart[];
  /** Resolves with a sentence when a part that we started ends by itself. */
  failed: Promise<string>;
  stop(): Promise<void>;
};

/** Brings up what this machine lacks and says how to reach it; what the environment names is used as it is. */
export async function startStack(options: StartStackOptions): Promise<RunningStack> {
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const dataDir = realpathSync(options.dataDir);
  const lock = await takeDataDir(dataDir);
  await forgetStack(dataDir); // what a stack that was killed has left would pass for ours
  const started: StackPart[] = [];
  let stopping = false;
  const stop = async (): Promise<void> => {
    stopping = true;
    await forgetStack(dataDir);
    await Promise.all(started.map((part) => part.stop()));
    await lock.release();
  };
  try {
    // One after the other: their progress shares one line, and a missing part is told before a long build.
    started.push(await provideDatabase({ ...options, dataDir }));
    started.push(await provideTemporal({ ...options, dataDir }));
    if (options.chromium !== false) started.push(await provideChromium(options));
    const variables = collectVariables(started, options);
    await recordStack(dataDir, variables);
    const failed = new Promise<string>((resolve) => {
      for (const part of started) void part.failed.then((sentence) => stopping || resolve(sentence));
    });
    return {
      environment: withStack(options.environment, variables),
      parts: started,
      failed,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function provideChromium({ environment, progress }: StartStackOptions): Promise<StackPart> {
  const found = await findChromium({ environment, progress, allowInstall: true });
  progress.line(`Chromium ${found.version} (${found.source}) at ${found.path}`);
  return {
    name: 'Chromium',
    version: found.version,
    source: found.source,
    where: found.path,
    variables: { CHROMIUM_PATH: found.path },
    ...notOurs(),
  };
}

/** A server that we started is one for development, unless the environment says otherwise. */
function collectVariables(parts: readonly StackPart[], options: StartStackOptions): Record<string, string> {
  const variables = Object.assign({}, ...parts.map((part) => part.variables)) as Record<string, string>;
  const embedded = parts.some((part) => part.embedded);
  const mode = options.environment.AGOS_ENV ?? (embedded ? 'development' : 'production');
  if (mode === 'development') options.progress.line('This stack is for development: AGOS_ENV=development');
  return { ...variables, AGOS_ENV: mode };
}
