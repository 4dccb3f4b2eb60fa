import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import proto from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { freePort } from '../../src/stack/ports.ts';
import { createTestDatabase } from '../../src/stack/testing.ts';
import { bundleFile } from '../../temporal/bundle.ts';
import { readTemporalTarget } from '../../temporal/connection.ts';
import type { JsonBody } from '../support/app.ts';
import { testChromium } from '../support/test-browser.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { startTlsFront, type TlsFront } from './support/tls-front.ts';
import { newPayloadKey, testClient } from './support/worker.ts';

const ROOT = join(import.meta.dirname, '../..');
const API_KEY = 'an-api-key-as-the-cloud-issues-them';
/** No resolver has it, and production scans no local target. */
const NOWHERE = 'nobody-is-home.invalid';

describe('in production, behind TLS that demands an API key, as on Temporal Cloud', () => {
  const running: Npm[] = [];
  let server: TestServer;
  let front: TlsFront;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let home: string;
  let temporal: Record<string, string>;
  let environment: Record<string, string>;

  beforeAll(async () => {
    server = await startTestServer({});
    front = await startTlsFront(server.address, API_KEY);
    database = await createTestDatabase(inject('testDatabase').server);
    home = await mkdtemp(join(tmpdir(), 'agos-test-production-'));
    const [port, assetsPort] = [await freePort(), await freePort()];
    temporal = {
      TEMPORAL_ADDRESS: front.address,
      TEMPORAL_NAMESPACE: 'default',
      TEMPORAL_API_KEY: API_KEY,
      TEMPORAL_TLS_SERVER_CA_CERT_DATA: front.authority,
    };
    // As an operator sets it: AGOS_ENV is not among them.
    environment = {
      ...temporal,
      DATABASE_ADMIN_URL: database.info.adminUrl,
      DATABASE_URL: database.info.url,
      DATABASE_SYSTEM_URL: database.info.systemUrl,
      AGOS_PORT: String(port),
      AGOS_PUBLIC_URL: `http://127.0.0.1:${port}`,
      AGOS_ASSETS_PORT: String(assetsPort),
      AGOS_ASSETS_URL: `http://localhost:${assetsPort}`,
      AGOS_ASSETS_DIR: join(home, 'assets'),
      AGOS_SIGNING_SECRET: 'a signing secret of 32 characters and more',
      AGOS_PAYLOAD_KEYS: newPayloadKey('k1'),
      CHROMIUM_PATH: await testChromium(),
    };
  });
  afterAll(async () => {
    for (const one of running) await one.kill();
    await database?.drop();
    await front?.close();
    await server?.stop();
    await rm(home, { recursive: true, force: true });
  });

  /** Runs a script of package.json with these variables and nothing of ours below them. */
  const npm = (...args: string[]): Npm => npmWith(environment, ...args);

  function npmWith(variables: Record<string, string>, ...args: string[]): Npm {
    const started = startNpm(args, { PATH: process.env.PATH, HOME: home, ...variables });
    running.push(started);
    return started;
  }

  async function call(key: string, method: string, path: string, body?: object): Promise<JsonBody> {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const answer = await fetch(`${environment.AGOS_PUBLIC_URL}${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    return await answer.json();
  }

  test('a worker without the build exits 1 and names the command: it never bundles by itself', async () => {
    await rm(bundleFile(true), { force: true });
    const worker = npm('run', 'start:worker');
    expect(await worker.exitCode).toBe(1);
    await vi.waitFor(() => expect(worker.output()).toContain('is missing: run `npm run build` first'));
  });

  // sabotage: src/cli/prepare-namespace.ts :: if (!connectionOptions.address) { => if (!process.env.TEMPORAL_ADDRESS) {
  test('a profile file is as good as the variables, also for the namespace that `agos migrate` prepares', async () => {
    const file = join(home, 'temporal.toml');
    await writeFile(file, `[profile.default]\naddress = "${front.address}"\n`);
    const { TEMPORAL_ADDRESS: _, ...without } = environment;
    const migrated = npmWith({ ...without, TEMPORAL_CONFIG_FILE: file }, 'exec', '--', 'agos', 'migrate');
    expect(await migrated.exitCode).toBe(0);
    await vi.waitFor(() => expect(migrated.output()).toMatch(/namespace default: search attributes added/));
  });

  test('what was built and migrated triages to the end, encrypted, and SIGTERM drains both processes', async () => {
    expect(await npm('run', 'build').exitCode).toBe(0);
    const migrated = npm('exec', '--', 'agos', 'migrate', '--json');
    expect(await migrated.exitCode).toBe(0);
    await vi.waitFor(() => expect(migrated.output()).toContain('search attributes present'));
    const made = npm('exec', '--', 'agos', 'tenant', 'create', 'Agency', '--json');
    expect(await made.exitCode).toBe(0);
    const { api_key: key, tenant_id: tenant } = await vi.waitFor(() => JSON.parse(made.output()));

    const [api, worker] = [npm('run', 'start:api'), npm('run', 'start:worker')];
    await vi.waitFor(() => expect(api.output()).toContain('API is serving'), 30_000);
    await vi.waitFor(() => expect(worker.output()).toContain('worker is serving'), 30_000);

    const added = await call(key, 'POST', '/v1/leads', { url: `https://${NOWHERE}`, triage: true });
    const run = await vi.waitUntil(
      async () => {
        const seen = await call(key, 'GET', `/v1/runs/${added.run.id}`);
        return seen.ended_at === null ? undefined : seen;
      },
      { timeout: 60_000, interval: 200 },
    );
    expect(run).toMatchObject({ status: 'completed', end: { code: 'unreachable' } });
    const held = await call(key, 'GET', `/v1/leads/${added.lead.id}`);
    expect(held).toMatchObject({ status: 'new', hold: { code: 'unreachable' } });

    const client = testClient(readTemporalTarget(temporal));
    const query = `AgosTenant = '${tenant}'`;
    await expect.poll(async () => (await client.workflow.count(query)).count, { timeout: 10_000 }).toBe(1);
    const { history } = await client.workflowService.getWorkflowExecutionHistory({
      namespace: 'default',
      execution: { workflowId: run.workflow_id },
    });
    await client.connection.close();
    const bytes = Buffer.from(proto.temporal.api.history.v1.History.encode(history!).finish());
    expect(bytes.includes('encryption-key-id')).toBe(true);
    expect(bytes.includes(NOWHERE)).toBe(false);
    expect(front.calls.refused).toBe(0);

    for (const one of [api, worker]) one.terminate();
    expect(await Promise.all([api.exitCode, worker.exitCode])).toEqual([0, 0]);
    await vi.waitFor(() => expect(api.output()).toContain('API has stopped'));
    await vi.waitFor(() => expect(worker.output()).toContain('worker has stopped'));
  }, 240_000);
});

type Npm = {
  output(): string;
  exitCode: Promise<number | null>;
  terminate(): void;
  kill(): Promise<void>;
};

function startNpm(args: string[], env: NodeJS.ProcessEnv): Npm {
  const child = spawn('npm', args, {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true, // a group of its own, so that the test can end what npm leaves behind
  }) as ChildProcessByStdio<null, Readable, null>;
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const exitCode = once(child, 'exit').then(([code]) => code as number | null);
  return {
    output: () => output,
    exitCode,
    terminate: () => void child.kill('SIGTERM'),
    kill: async () => {
      try {
        process.kill(-child.pid!, 'SIGKILL');
      } catch {
        // Nothing of it is left.
      }
      await exitCode;
    },
  };
}
