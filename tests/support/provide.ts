import { type Environment, userCacheDir } from '../../src/stack/cache.ts';
import { findChromium } from '../../src/stack/chromium/find.ts';
import { provideBinaries } from '../../src/stack/postgres/binaries.ts';
import type { Progress } from '../../src/stack/progress.ts';
import { findTemporalServer } from '../../src/stack/temporal/find.ts';
import { databaseUser, makeReachableFolder } from '../../src/stack/unprivileged.ts';
import { findS3Server } from './s3-server.ts';

/**
 * The parts that the tests run on are found or made once, a line for each, before anything runs.
 * Returns the environment of the tests.
 */
export async function provideParts(environment: Environment, progress: Progress): Promise<Environment> {
  const own = withoutTemporalService(environment);
  const cacheDir = userCacheDir(own);
  progress.line(`Node ${process.versions.node} at ${process.execPath}`);
  const folder = await makeReachableFolder(await databaseUser(), cacheDir);
  const postgres = await provideBinaries(folder);
  progress.line(`PostgreSQL ${postgres.version} (npm package) at ${postgres.binDir}`);
  const temporal = await findTemporalServer({ environment: own, cacheDir, progress });
  if (temporal.kind === 'binary') {
    progress.line(`Temporal ${temporal.version} (${temporal.source}) at ${temporal.path}`);
  }
  const s3 = await findS3Server(own, progress);
  progress.line(`S3 server of the tests ${s3.version} (${s3.source}) at ${s3.path}`);
  const chromium = await findChromium({ environment: own, progress, allowInstall: true });
  progress.line(`Chromium ${chromium.version} (${chromium.source}) at ${chromium.path}`);
  progress.line('The tests are for development: AGOS_ENV=development');
  return { ...own, CHROMIUM_PATH: chromium.path };
}

/** Tests start servers of their own: a service that somebody works with is not theirs to fill. */
export function withoutTemporalService(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('TEMPORAL_')));
}
