import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { createTestDatabase } from '../../src/stack/testing.ts';
import { createTestActivities } from './support/activities.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { startTestWorker, testClient } from './support/worker.ts';

const WORKER_PROCESS = fileURLToPath(new URL('./support/worker-process.ts', import.meta.url));
const WORKER_MAIN = fileURLToPath(new URL('../../temporal/main.ts', import.meta.url));
/** Of the profile `fetch`, whose activity the test workflow calls. */
const HEARTBEAT_TIMEOUT_MS = 10_000;

describe('a worker that stops', () => {
  const seen: string[] = [];
  let server: TestServer;
  let client: Client;

  beforeAll(async () => {
    server = await startTestServer();
    client = testClient(server.target);
  });
  afterAll(async () => {
    await client?.connection.close();
    await server?.stop();
  });
  beforeEach(() => {
    seen.length = 0;
  });

  const startWorker = (shutdownGraceMs: number) =>
    startTestWorker({ target: server.target, activities: createTestActivities(seen), shutdownGraceMs });
  const begin = (workflowId: string, workMs: number) =>
    client.workflow.start('beating', { workflowId, taskQueue: 'workflows', args: [{ work_ms: workMs }] });

  test('lets running work end within its grace: nothing is done twice', async () => {
    const first = await startWorker(10_000);
    const handle = await begin('drained', 1_500);
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual(['began 1']);
    await first.stop();
    expect(seen).toEqual(['began 1', 'ended']);
    const second = await startWorker(500);
    await expect(handle.result()).resolves.toBe('beat');
    expect(seen).toEqual(['began 1', 'ended']);
    await second.stop();
  });

  test('cancels what outlasts the grace, and the next worker takes it up at once', async () => {
    const first = await startWorker(300);
    const handle = await begin('handed-over', 6_000);
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual(['began 1']);
    const stoppedAt = performance.now();
    await first.stop();
    expect(performance.now() - stoppedAt).toBeLessThan(5_000);
    expect(seen).toEqual(['began 1']);
    const second = await startWorker(500);
    await expect.poll(() => seen, { timeout: HEARTBEAT_TIMEOUT_MS - 2_000 }).toEqual(['began 1', 'began 2']);
    await expect(handle.result()).resolves.toBe('beat');
    await second.stop();
  });

  test('killed in the middle of an activity, its work is retried within heartbeat timeout + 5 s', async () => {
    const doomed = spawn(process.execPath, [WORKER_PROCESS], {
      env: { ...process.env, TEMPORAL_ADDRESS: server.address },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = linesOf(doomed);
    await expect.poll(() => lines, { timeout: 20_000 }).toContain('ready');
    const handle = await begin('killed', 4_000);
    await expect.poll(() => lines, { timeout: 10_000 }).toContain('began 1');
    doomed.kill('SIGKILL');
    const killedAt = performance.now();
    const heir = await startWorker(500);
    await expect.poll(() => seen, { timeout: 30_000 }).toEqual(['began 2']);
    expect(performance.now() - killedAt).toBeLessThan(HEARTBEAT_TIMEOUT_MS + 5_000);
    await expect(handle.result()).resolves.toBe('beat');
    await heir.stop();
  }, 60_000);

  test('that cannot start says why and exits 1', async () => {
    const { child, lines } = startMain({ AGOS_PAYLOAD_KEYS: 'k1:c2hvcnQ=' });
    expect(await exitCodeOf(child)).toBe(1);
    expect(lines.join('')).toContain('the key \\"k1\\" has 5 bytes, it needs 32');
    expect(lines.join('')).not.toContain('c2hvcnQ');
  });

  test('that is connected but lacks a setting exits 1 too', async () => {
    const { child, lines } = startMain({ AGOS_ENV: 'development', TEMPORAL_ADDRESS: server.address });
    expect(await exitCodeOf(child)).toBe(1);
    expect(lines.join('')).toContain('must be set');
  });

  test('SIGTERM while it waits for Temporal: exit 0', async () => {
    const { child, lines } = startMain({ AGOS_ENV: 'development', TEMPORAL_ADDRESS: '127.0.0.1:1' });
    await expect.poll(() => lines.join(''), { timeout: 20_000 }).toContain('waiting for Temporal');
    child.kill('SIGTERM');
    expect(await exitCodeOf(child)).toBe(0);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s while it serves: everything is closed, exit 0',
    async (signal) => {
      const { server: database, template } = inject('testDatabase');
      const own = await createTestDatabase(database, template);
      const assets = await mkdtemp(join(tmpdir(), 'agos-test-assets-'));
      const { child, lines } = startMain({
        AGOS_ENV: 'development',
        TEMPORAL_ADDRESS: server.address,
        DATABASE_URL: own.info.url,
        DATABASE_SYSTEM_URL: own.info.systemUrl,
        AGOS_ASSETS_DIR: assets,
        AGOS_ASSETS_URL: 'http://127.0.0.1:1',
        AGOS_SIGNING_SECRET: 'a signing secret of 32 characters and more',
      });
      await expect.poll(() => lines.join(''), { timeout: 30_000 }).toContain('worker is serving');
      child.kill(signal);
      expect(await exitCodeOf(child)).toBe(0);
      expect(lines.at(-1)).toContain('worker has stopped');
      await own.drop();
      await rm(assets, { recursive: true, force: true });
    },
    60_000,
  );
});

function startMain(environment: Record<string, string>) {
  const child = spawn(process.execPath, [WORKER_MAIN], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { child, lines: linesOf(child) };
}

async function exitCodeOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null) await once(child, 'exit');
  return child.exitCode;
}

function linesOf(child: ChildProcessByStdio<null, Readable, null>): string[] {
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  return lines;
}
