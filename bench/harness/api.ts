import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { definedIn } from '../../src/stack/cache.ts';
import { spawnOwned, tailOf } from '../../src/stack/owned.ts';
import { freePort } from '../../src/stack/ports.ts';
import type { BenchContext } from './benchmark.ts';

const ROOT = join(import.meta.dirname, '../..');
const READY_WITHIN_MS = 60_000;

export type BenchApi = { url: string; pid: number; stop(): Promise<void> };

/** Starts the API as production does, on a database that is there; Temporal only where `environment` names one. */
export async function startApi(
  { dataDir }: BenchContext,
  environment: Record<string, string>,
): Promise<BenchApi> {
  const [port, assetsPort] = [await freePort(18_080), await freePort(18_081)];
  const logFile = join(dataDir, 'api.log');
  const child = spawnOwned(process.execPath, [join(ROOT, 'src/api/main.ts')], {
    logFile,
    cwd: ROOT,
    env: {
      ...definedIn({ PATH: process.env.PATH, HOME: process.env.HOME }),
      AGOS_PORT: String(port),
      AGOS_ASSETS_PORT: String(assetsPort),
      AGOS_ASSETS_URL: `http://127.0.0.1:${assetsPort}`,
      AGOS_ASSETS_DIR: join(dataDir, 'assets'),
      AGOS_STOP_FILE: join(dataDir, 'stop'),
      AGOS_SIGNING_SECRET: 'a signing secret for benchmarks, 32 characters and more',
      AGOS_LOG_LEVEL: 'warn',
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      ...environment,
    },
  });
  const url = `http://127.0.0.1:${port}`;
  for (const deadlineMs = Date.now() + READY_WITHIN_MS; ; await sleep(100)) {
    const answer = await fetch(`${url}/healthz`).catch(() => null);
    if (answer?.ok) return { url, pid: child.pid, stop: child.stop };
    if (child.hasExited() || Date.now() > deadlineMs) {
      await child.stop();
      throw new Error(`the API did not start: ${tailOf(logFile)}`);
    }
  }
}
