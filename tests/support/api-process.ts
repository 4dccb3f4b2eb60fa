import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { TEST_ASSETS_ORIGIN, TEST_SECRET } from './app.ts';
import type { TestDatabase } from './database.ts';

export type ApiProcess = {
  url: string;
  /** The same server as `TEST_ASSETS_ORIGIN`. */
  assetsUrl: string;
  /** Where its files lie. */
  assetsDir: string;
  pid: number;
  stop(): Promise<void>;
};

type Ports = { port: number; assets_port: number };

/** The API as a process of its own, with the limits that it has in production; Temporal is not there. */
export async function startApiProcess(
  { info }: TestDatabase,
  environment: Record<string, string> = {},
): Promise<ApiProcess> {
  const dir = await mkdtemp(join(tmpdir(), 'agos-test-api-'));
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../src/api/main.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      DATABASE_URL: info.url,
      DATABASE_SYSTEM_URL: info.systemUrl,
      AGOS_PORT: '0',
      AGOS_ASSETS_PORT: '0',
      AGOS_ASSETS_DIR: dir,
      AGOS_ASSETS_URL: TEST_ASSETS_ORIGIN,
      AGOS_SIGNING_SECRET: TEST_SECRET,
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      HOME: dir,
      ...environment,
    },
  });
  const ended = once(child, 'exit');
  const { promise, resolve, reject } = Promise.withResolvers<Ports>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const entry = JSON.parse(line) as { msg: string } & Ports;
    if (entry.msg === 'API is serving') resolve(entry);
  });
  void ended.then(() => reject(new Error('the API ended before it served')));
  const ports = await promise;
  return {
    url: `http://127.0.0.1:${ports.port}`,
    assetsUrl: `http://127.0.0.1:${ports.assets_port}`,
    assetsDir: dir,
    pid: child.pid!,
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
      await rm(dir, { recursive: true, force: true });
    },
  };
}
