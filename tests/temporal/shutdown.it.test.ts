import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
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
    const child = spawn(process.execPath, [WORKER_MAIN], {
      env: { PATH: process.env.PATH, TEMPORAL_ADDRESS: server.address, AGOS_PAYLOAD_KEYS: 'k1:c2hvcnQ=' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = linesOf(child);
    const [code] = await once(child, 'exit');
    expect(code).toBe(1);
    expect(lines.join('\n')).toContain('the key \\"k1\\" has 5 bytes, it needs 32');
    expect(lines.join('\n')).not.toContain('c2hvcnQ');
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('%s while it waits for Temporal: exit 0', async (signal) => {
    const child = spawn(process.execPath, [WORKER_MAIN], {
      env: {
        PATH: process.env.PATH,
        AGOS_ENV: 'development',
        TEMPORAL_ADDRESS: '127.0.0.1:1',
        DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
        DATABASE_SYSTEM_URL: 'postgres://nobody@127.0.0.1:1/none',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = linesOf(child);
    await expect.poll(() => lines.join(''), { timeout: 20_000 }).toContain('waiting for Temporal');
    child.kill(signal);
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
  });
});

function linesOf(child: ChildProcessByStdio<null, Readable, null>): string[] {
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  return lines;
}
