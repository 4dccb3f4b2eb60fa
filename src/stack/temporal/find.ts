import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { definedIn, type Environment } from '../cache.ts';
import { type Lock, waitForLock } from '../lock.ts';
import { findOnPath } from '../on-path.ts';
import type { Progress } from '../progress.ts';
import { buildTemporal, CLI_VERSION } from './build.ts';
import { downloadTemporal, SDK_VERSION } from './download.ts';
import { isNewEnough, serverVersionOf } from './version.ts';

export type ExternalTemporal = {
  kind: 'external';
  address: string;
  namespace: string;
  connectionOptions: ConnectionOptions;
};
export type TemporalBinary = { kind: 'binary'; path: string; source: string; version: string };
export type TemporalServer = ExternalTemporal | TemporalBinary;

export type FindTemporalOptions = {
  environment: Environment;
  cacheDir: string;
  progress: Progress;
  /** False only looks, as `doctor` does: nothing is downloaded or built. */
  allowInstall?: boolean;
};

/** No Temporal server is there and none could be provided. */
export class NoTemporalError extends Error {
  constructor(reasons: readonly string[]) {
    super(
      'No Temporal server: set TEMPORAL_ADDRESS to one of yours, put the temporal command line (server 1.29 or ' +
        `newer) on PATH, or install Go 1.25 or newer so that AgOS can build it (${reasons.join('; ')}).`,
    );
    this.name = 'NoTemporalError';
  }
}

/** The Temporal server to use: the environment's, else the command line on PATH, in our cache, fetched or built. */
export async function findTemporalServer(options: FindTemporalOptions): Promise<TemporalServer> {
  const { environment, cacheDir, allowInstall = true } = options;
  const external = findExternal(environment);
  if (external) return external;
  const onPath = findOnPath('temporal', environment);
  const usable = (onPath && (await asUsable(onPath, 'PATH'))) || (await findCached(cacheDir));
  if (usable) return usable;
  const tried = [onPath ? `${onPath} is older than server 1.29` : 'no temporal on PATH'];
  if (!allowInstall) throw new NoTemporalError(tried);
  return await provide(options, tried);
}

function findExternal(environment: Environment): ExternalTemporal | undefined {
  if (!environment.TEMPORAL_ADDRESS && !environment.TEMPORAL_PROFILE) return undefined;
  const { connectionOptions, namespace } = loadClientConnectConfig({
    overrideEnvVars: definedIn(environment),
  });
  const address = connectionOptions.address ?? 'localhost:7233';
  const options = connectionOptions as ConnectionOptions;
  return { kind: 'external', address, namespace: namespace ?? 'default', connectionOptions: options };
}

/** Where a binary of ours lies: the version is in the name, so that a new pin never meets an old file. */
function cachePaths(cacheDir: string): { built: string; downloaded: string } {
  const folder = join(cacheDir, 'temporal');
  return {
    built: join(folder, `temporal-cli-${CLI_VERSION}`),
    downloaded: join(folder, `temporal-sdk-${SDK_VERSION}`),
  };
}

async function findCached(cacheDir: string): Promise<TemporalBinary | undefined> {
  const { built, downloaded } = cachePaths(cacheDir);
  for (const path of [built, downloaded]) {
    const usable = existsSync(path) && (await asUsable(path, 'cache'));
    if (usable) return usable;
  }
  return undefined;
}

async function asUsable(path: string, source: string): Promise<TemporalBinary | undefined> {
  const version = await serverVersionOf(path);
  return version && isNewEnough(version) ? { kind: 'binary', path, source, version } : undefined;
}

/** Downloads or builds under a lock: a second run beside this one waits and finds the first one's file. */
async function provide(options: FindTemporalOptions, tried: string[]): Promise<TemporalBinary> {
  const { cacheDir, progress, environment } = options;
  const { built, downloaded } = cachePaths(cacheDir);
  const lock: Lock = await waitForLock(join(cacheDir, 'temporal'), (holder) =>
    progress.working(`Temporal server: ${holder} is fetching or building it, waiting`),
  );
  try {
    const byAnother = await findCached(cacheDir);
    if (byAnother) return byAnother;
    for (const path of [built, downloaded]) await rm(path, { force: true }); // cut short by a full disk
    const ways = [
      {
        source: 'SDK download',
        path: downloaded,
        make: () => downloadTemporal({ target: downloaded, environment, progress }),
      },
      {
        source: 'go install',
        path: built,
        make: () => buildTemporal({ target: built, environment, progress }),
      },
    ];
    for (const way of ways) {
      const failure = await way.make();
      const usable = failure === undefined ? await asUsable(way.path, way.source) : undefined;
      if (usable) return usable;
      tried.push(`${way.source}: ${failure ?? 'what it made does not run'}`);
    }
    throw new NoTemporalError(tried);
  } finally {
    await lock.release();
  }
}
