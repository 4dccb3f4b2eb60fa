import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';

import { userCacheDir } from '../cache.ts';
import { type OwnedProcess, spawnOwned } from '../owned.ts';
import { freePort } from '../ports.ts';
import { createProgress } from '../progress.ts';
import { holdInChild, isAlive, stackModule } from '../testing-children.ts';
import { examineTemporal, type TemporalExamination } from './examine.ts';
import { findTemporalServer } from './find.ts';
import { untilServing } from './health.ts';
import { type RunningTemporal, type StartTemporalOptions, startTemporalServer } from './start.ts';

// Each test starts servers, some several: a busy machine needs longer than one query does.
vi.setConfig({ testTimeout: 90_000 });

let binary: string;
let dataDir: string;
const running: RunningTemporal[] = [];

beforeAll(async () => {
  const environment = { ...process.env, TEMPORAL_ADDRESS: undefined, TEMPORAL_PROFILE: undefined };
  const cacheDir = userCacheDir(environment);
  const found = await findTemporalServer({ environment, cacheDir, progress: createProgress() });
  if (found.kind !== 'binary') throw new Error('expected a binary');
  binary = found.path;
}, 600_000);

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'agos-temporal-'));
});

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function start(options: Partial<StartTemporalOptions> = {}): Promise<RunningTemporal> {
  const server = await startTemporalServer({ binary, dataDir, ui: false, ...options });
  running.push(server);
  return server;
}

async function withClient<T>(address: string, use: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await use(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

const nothingMissing = { missing: async () => [] };
const trial = { tryFairness: true };
const startOptions = { taskQueue: 'nobody', workflowId: 'kept', searchAttributes: { AgosTest: ['a'] } };

describe('a Temporal server of our own', () => {
  test('keeps its runs over a restart, and learns a search attribute that its state file lacks', async () => {
    const first = await start({ searchAttributes: { AgosOther: 'Keyword' } });
    await withClient(first.address, (client) =>
      client.workflow.start('w', { taskQueue: 'nobody', workflowId: 'old' }),
    );
    await first.stop();

    const startedAt = Date.now();
    const second = await start({ searchAttributes: { AgosOther: 'Keyword', AgosTest: 'Keyword' } });
    expect(Date.now() - startedAt).toBeLessThan(4_000);
    await withClient(second.address, async (client) => {
      expect((await client.workflow.getHandle('old').describe()).status.name).toBe('RUNNING');
      await client.workflow.start('w', startOptions);
    });
  });

  test('serves its Web UI on loopback', async () => {
    const { uiUrl } = await start({ ui: true });
    expect(new URL(uiUrl!).hostname).toBe('127.0.0.1');
    expect((await fetch(uiUrl!)).status).toBe(200);
  });

  test('forgets everything at the end when it runs in memory', async () => {
    const first = await start({ inMemory: true });
    await withClient(first.address, (client) =>
      client.workflow.start('w', { taskQueue: 'nobody', workflowId: 'old' }),
    );
    await first.stop();
    const second = await start({ inMemory: true });
    await withClient(second.address, (client) =>
      expect(client.workflow.getHandle('old').describe()).rejects.toThrow(/not found/i),
    );
  });

  test('ends with the process that started it, even by SIGKILL, and the next start works', async () => {
    const holder = await holdInChild(`
      import { startTemporalServer } from ${stackModule('./temporal/start.ts')};
      const options = { binary: ${JSON.stringify(binary)}, dataDir: ${JSON.stringify(dataDir)}, ui: false };
      console.log(JSON.stringify({ pid: (await startTemporalServer(options)).pid }));`);
    await holder.kill('SIGKILL');
    await expect.poll(() => isAlive(Number(holder.report.pid)), { timeout: 10_000 }).toBe(false);
    await start();
  });

  test('is tried for fairness: found with our settings, missed without them', async () => {
    const ours = await start();
    expect(await examineTemporal({ address: ours.address }, 'default', nothingMissing, trial)).toMatchObject({
      fair: true,
    });
    expect(await examinePlainServer()).toMatchObject({ fair: false });
  });
});

/** A development server as a user would start it, without the settings that AgOS gives. */
async function examinePlainServer(): Promise<TemporalExamination> {
  const port = await freePort();
  const args = ['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(port)];
  const plain: OwnedProcess = spawnOwned(binary, args, {
    logFile: join(dataDir, 'plain.log'),
    env: { HOME: dataDir },
  });
  try {
    expect(await untilServing(`127.0.0.1:${port}`, {}, plain)).toBeUndefined();
    return await examineTemporal({ address: `127.0.0.1:${port}` }, 'default', nothingMissing, trial);
  } finally {
    await plain.stop();
  }
}
