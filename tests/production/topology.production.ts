import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type DemoSites, startDemoSites } from '../../src/cli/demo-sites.ts';
import { userCacheDir } from '../../src/stack/cache.ts';
import { createProgress } from '../../src/stack/progress.ts';
import { databaseUser, makeReachableFolder } from '../../src/stack/unprivileged.ts';
import type { JsonBody } from '../support/app.ts';
import { testChromium } from '../support/test-browser.ts';
import { agosServices, type Compose, ROOT, readCompose } from './compose-file.ts';
import { findPostgresTools, makeDataFolder } from './debian-postgres.ts';
import { buildImage } from './image.ts';
import { choosePlace, type Place } from './place.ts';
import { providePrograms, provideUiConfig } from './programs.ts';
import { gatherPrograms } from './programs-folder.ts';
import { sampleEnvironment } from './sample-environment.ts';
import { createTopology, type Topology } from './topology.ts';

const run = promisify(execFile);
const progress = createProgress();
/** No resolver has it, and production scans no local target. */
const NOWHERE = 'nobody-is-home.invalid';
/** Those that judge addresses: example sites have local ones, which only development scans. */
const JUDGING = ['api', 'worker-core', 'worker-fetch', 'worker-browser', 'worker-lighthouse'];

describe('the services of docker-compose.yml, as processes of this machine', () => {
  let base: string;
  let place: Place;
  let environment: Record<string, string>;
  let compose: Compose;
  let topology: Topology;
  let programs: Record<string, string>;
  let sites: DemoSites | undefined;
  let key: string;
  /** The example site's screenshots and report, once it is triaged. */
  let files: { id: string; sha256: string }[];

  beforeAll(async () => {
    const user = await databaseUser();
    const shared = await makeReachableFolder(user, userCacheDir(process.env));
    base = await mkdtemp(join(shared, 'production-'));
    await chmod(base, 0o755);
    place = await choosePlace(base, ROOT, Object.keys(readCompose({}).services));
    environment = sampleEnvironment({
      AGOS_PUBLIC_URL: `http://127.0.0.1:${place.port('api', 8080)}`,
      AGOS_ASSETS_URL: `http://localhost:${place.port('api', 8081)}`,
    });
    compose = readCompose(environment);
    programs = await providePrograms(process.env, progress);
    const image = await buildImage(join(base, 'image'), shared);
    const postgresTools = findPostgresTools();
    const path = `${postgresTools}:${await gatherPrograms(join(base, 'bin'), programs)}`;
    const uiConfig = join(base, 'ui-config');
    await cp(await provideUiConfig(process.env), uiConfig, { recursive: true });
    topology = createTopology({ compose, place, image, path, uiConfig, postgresTools, user });
  });
  afterAll(async () => {
    await topology?.stop();
    await sites?.close();
    if (base && !process.env.AGOS_TEST_KEEP) await rm(base, { recursive: true, force: true });
  });

  async function call(method: string, path: string, body?: object | string): Promise<JsonBody> {
    const mime = typeof body === 'string' ? 'text/csv' : 'application/json';
    const headers = { authorization: `Bearer ${key}`, 'content-type': mime };
    const url = `${environment.AGOS_PUBLIC_URL}${path}`;
    const text = typeof body === 'object' ? JSON.stringify(body) : body;
    const answer = await fetch(url, { method, headers, ...(text && { body: text }) });
    return await answer.json();
  }

  /** As the document has it: both volumes of the store in one archive, then into empty ones. */
  async function putFilesBack(): Promise<void> {
    const volumes = ['s3-files', 's3-meta'];
    const copy = join(base, 'files.tar.gz');
    const among = dirname(place.folder('s3-files'));
    await run('tar', ['-czf', copy, '-C', among, ...volumes]);
    for (const volume of volumes) await rm(place.folder(volume), { recursive: true });
    await run('tar', ['-xzf', copy, '-C', among]);
  }

  const sql = async (database: string, query: string): Promise<string> => {
    const at = `127.0.0.1:${place.port('postgres', 5432)}/${database}`;
    const { stdout } = await run('psql', [
      `postgres://postgres:${environment.POSTGRES_PASSWORD}@${at}`,
      '-Atc',
      query,
    ]);
    return stdout.trim();
  };

  const untilEnded = (runId: string, timeoutMs: number): Promise<JsonBody> =>
    vi.waitUntil(
      async () => {
        const seen = await call('GET', `/v1/runs/${runId}`);
        return seen.ended_at === null ? undefined : seen;
      },
      { timeout: timeoutMs, interval: 500 },
    );

  test("Compose's own loader takes the filled file, and refuses the empty one for each missing secret", async () => {
    const load = (...args: string[]) => run(programs['compose-config']!, args, { env: {}, cwd: base });
    const filled = join(base, 'docker-compose.yml');
    await writeFile(filled, JSON.stringify(compose.document));
    const { stdout } = await load('--format', 'json', filled);
    expect(Object.keys(JSON.parse(stdout).services).sort()).toEqual(Object.keys(compose.services).sort());
    const refusal: string = await load(join(ROOT, 'docker-compose.yml')).catch(({ stderr }) => stderr);
    const named = [...refusal.matchAll(/required variable (\w+) is missing/g)].map(([, name]) => name);
    expect([...new Set(named)].sort()).toEqual(Object.keys(environment).sort());
  });

  test('all start in order, each healthy or done before the next, in production mode and without root', async () => {
    const names = Object.keys(compose.services);
    await topology.up(names);
    const at = (name: string): number => topology.started().indexOf(name);
    for (const name of names) {
      for (const before of Object.keys(compose.services[name]!.depends_on ?? {})) {
        expect(at(before), `${before} before ${name}`).toBeLessThan(at(name));
      }
    }
    expect(topology.log('migrate')).toContain('search attributes');
    for (const [name, service] of Object.entries(compose.services)) {
      if (service.restart !== 'unless-stopped') continue;
      expect(await topology.isHealthy(name), name).toBe(true);
      const [, uid] = /^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${topology.pid(name)}/status`, 'utf8')) ?? [];
      expect(uid, name).not.toBe('0');
    }
  });

  test('Prometheus finds the figures of the API and of each worker inside the network', async () => {
    for (const [name] of agosServices(compose)) {
      if (name === 'migrate') continue;
      const answer = await fetch(`http://127.0.0.1:${place.port(name, 9464)}/metrics`);
      const kind = name === 'api' ? 'api' : 'worker';
      expect(await answer.text(), name).toMatch(new RegExp(`^agos_build_info\\{process="${kind}"`, 'm'));
    }
  });

  test('a lead goes as far as its first fetch, encrypted, and is held with a reason', async () => {
    const made = await topology.run('migrate', [
      'node',
      'src/cli/agos.mjs',
      'tenant',
      'create',
      'Agency',
      '--json',
    ]);
    ({ api_key: key } = JSON.parse(made));
    const added = await call('POST', '/v1/leads', { url: `https://${NOWHERE}`, triage: true });
    const ended = await untilEnded(added.run.id, 120_000);
    expect(ended).toMatchObject({ status: 'completed', end: { code: 'unreachable' } });
    expect(await call('GET', `/v1/leads/${added.lead.id}`)).toMatchObject({ hold: { code: 'unreachable' } });
    await sql('temporal', 'checkpoint');
    const number = await sql('temporal', "select oid from pg_database where datname = 'temporal'");
    const folder = join(place.folder('postgres'), 'base', number);
    await expect(run('grep', ['-rlF', 'triageRoom', folder])).resolves.toBeTruthy();
    await expect(run('grep', ['-rlF', NOWHERE, folder])).rejects.toMatchObject({ code: 1 });
  });

  test('a file of leads is imported, and what happens is tried at the address of a webhook', async () => {
    const event_types = ['lead.created'];
    const hook = await call('POST', '/v1/webhook-endpoints', {
      url: `https://${NOWHERE}/hook`,
      event_types,
    });
    const sent = await call(
      'POST',
      '/v1/batches?triage=false',
      `url\nhttps://listed.${NOWHERE}\nhttps://also-listed.${NOWHERE}\n`,
    );
    expect(await untilEnded(sent.run.id, 120_000)).toMatchObject({
      status: 'completed',
      end: { code: null },
    });
    const batch = await call('GET', `/v1/batches/${sent.batch.id}`);
    expect(batch).toMatchObject({ status: 'completed', counts: { created: 2 } });
    const deliveries = await vi.waitUntil(
      async () => {
        const { data } = await call('GET', `/v1/webhook-deliveries?endpoint_id=${hook.id}`);
        return data.length === 2 && data.every((one: JsonBody) => one.tries > 0) ? data : undefined;
      },
      { timeout: 60_000, interval: 500 },
    );
    for (const one of deliveries) expect(one).toMatchObject({ status: 'pending', error: 'unreachable' });
  });

  test('the owner of the database stops everybody, and learns what had been sent', async () => {
    const kill = (...args: string[]) =>
      topology.run('migrate', ['node', 'src/cli/agos.mjs', 'kill', ...args, '--global', '--json']);
    const receipt = JSON.parse(await kill('on', '--reason', 'A drill.'));
    expect(receipt).toMatchObject({ complete: true, webhooks: { not_stopped: [] } });
    const { webhooks } = receipt.already_happened;
    expect(webhooks.latest.map((one: JsonBody) => one.error)).toContain('unreachable');
    expect(await call('GET', '/v1/kill-switch')).toMatchObject({ on: true, stops: [{ reach: 'global' }] });
    await kill('off');
    expect(await call('GET', '/v1/kill-switch')).toMatchObject({ on: false });
  });

  test('the Web UI shows the runs of the namespace, and asks the API to decrypt for its own origin alone', async () => {
    const at = `http://127.0.0.1:${place.port('temporal-ui', 8080)}`;
    const read = async (path: string): Promise<JsonBody> => (await fetch(`${at}${path}`)).json();
    const { executions } = await read(
      '/api/v1/namespaces/agos/workflows?query=WorkflowType%3D%22triageRoom%22',
    );
    expect(executions).toHaveLength(1);
    const { Codec: codec, DefaultNamespace: namespace } = await read('/api/v1/settings');
    expect(namespace).toBe('agos');
    const { workflowId, runId } = executions[0].execution;
    const { history } = await read(
      `/api/v1/namespaces/agos/workflows/${encodeURIComponent(workflowId)}/history?execution.runId=${runId}`,
    );
    const { payloads } = history.events[0].workflowExecutionStartedEventAttributes.input;
    const decode = (origin: string) =>
      fetch(`${codec.Endpoint}/decode`, {
        method: 'POST',
        headers: { origin, 'x-namespace': 'agos', 'content-type': 'application/json' },
        body: JSON.stringify({ payloads }),
      });
    const answer = await decode(at);
    expect(answer.headers.get('access-control-allow-origin')).toBe(at);
    const opened = await answer.json();
    expect(Buffer.from(opened.payloads[0].data, 'base64').toString()).toContain('"tenant"');
    expect((await decode('http://evil.example')).status).toBe(403);
  });

  test('the server is fair between tenants', async () => {
    const answer = await topology
      .run('migrate', ['node', 'src/cli/agos.mjs', 'doctor', '--json', '--try-fairness'])
      .catch(({ stdout }) => stdout);
    const { facts } = JSON.parse(answer) as { facts: { part: string }[] };
    expect(facts.find(({ part }) => part === 'Temporal')).toMatchObject({ ok: true, notes: [] });
    await writeFile(join(base, 'doctor.json'), answer);
  });

  test('a copy of the whole server taken at work, put into a fresh one: runs go on from there and end', async () => {
    const postgres = place.folder('postgres');
    const copy = join(base, 'postgres.tar.gz');
    await topology.stop(['worker-fetch']);
    const open = await Promise.all(
      ['one', 'two', 'three'].map((name) =>
        call('POST', '/v1/leads', { url: `https://${name}.${NOWHERE}`, triage: true }),
      ),
    );
    const temporalOpen = () =>
      sql(
        'temporal_visibility',
        "select count(*) from executions_visibility where status = 1 and workflow_type_name = 'triageRoom'",
      );
    await expect.poll(temporalOpen, { timeout: 60_000 }).toBe('3');
    const from = ['--host=127.0.0.1', `--port=${place.port('postgres', 5432)}`, '--username=postgres'];
    const command =
      'pg_basebackup "$@" --pgdata=- --format=tar --wal-method=fetch --checkpoint=fast --gzip > "$COPY"';
    const env = { ...process.env, PGPASSWORD: environment.POSTGRES_PASSWORD, COPY: copy };
    await run('sh', ['-c', command, 'sh', ...from], { env });
    const later = await call('POST', '/v1/leads', { url: `https://later.${NOWHERE}`, triage: true });

    await topology.stop();
    await rm(postgres, { recursive: true });
    const user = await databaseUser();
    await makeDataFolder(postgres, user);
    await chmod(copy, 0o644);
    await run('tar', ['-xzf', copy, '-C', postgres], { cwd: '/', ...user });
    topology.forgetDone();
    await topology.up(Object.keys(compose.services));
    for (const {
      run: { id },
    } of open) {
      expect(await untilEnded(id, 120_000)).toMatchObject({
        status: 'completed',
        end: { code: 'unreachable' },
      });
    }
    expect(await call('GET', `/v1/leads/${later.lead.id}`)).toMatchObject({ error: 'not_found' });
    await expect.poll(temporalOpen, { timeout: 60_000 }).toBe('0');
  });

  test('an example site is triaged to its report, with its files in the bucket; workflows stay in production mode', async () => {
    sites = await startDemoSites(join(base, 'sites'));
    await chmod(join(base, 'sites'), 0o755);
    expect(await topology.stop(JUDGING)).toEqual(
      Object.fromEntries(JUDGING.map((name) => [name, 'exit code 0'])),
    );
    const chromium = { CHROMIUM_PATH: await testChromium() };
    for (const name of JUDGING) await topology.up([name], { ...sites.environment, ...chromium });
    const [, line = ''] = readFileSync(sites.leadsFile, 'utf8').split('\n');
    const url = /https?:\/\/[^,"]+/.exec(line)?.[0];
    const added = await call('POST', '/v1/leads', { url, triage: true });
    const ended = await untilEnded(added.run.id, 300_000);
    expect(ended).toMatchObject({ status: 'completed' });
    const lead = await call('GET', `/v1/leads/${added.lead.id}`);
    expect(lead).toMatchObject({ hold: null, score: expect.any(Number) });
    expect(['qualified', 'disqualified', 'awaiting']).toContain(lead.status);
    const { data: assets } = await call('GET', `/v1/assets?lead_id=${added.lead.id}`);
    expect(assets.length).toBeGreaterThan(2);
    files = assets;
    const stored = readdirSync(place.folder('s3-files'), { recursive: true, encoding: 'utf8' });
    for (const { id } of files)
      expect(
        stored.some((file) => file.includes(id)),
        id,
      ).toBe(true);
  });

  test('SIGTERM ends AgOS within its time, and all of it comes up again on the same volumes, the files put back from their copy', async () => {
    const own = agosServices(compose)
      .map(([name]) => name)
      .filter((name) => name !== 'migrate');
    const memory = Object.fromEntries(
      [...own, 'temporal', 'postgres', 's3'].map((name) => [name, peakMb(topology.pid(name))]),
    );
    progress.line(`peak memory in MB: ${JSON.stringify(memory)}`);
    expect(await topology.stop(own)).toEqual(Object.fromEntries(own.map((name) => [name, 'exit code 0'])));
    await topology.stop();
    await putFilesBack();
    topology.forgetDone();
    await topology.up(own);
    for (const { id, sha256 } of files) {
      const answer = await fetch((await call('GET', `/v1/assets/${id}/metadata`)).url);
      const bytes = Buffer.from(await answer.arrayBuffer());
      expect([answer.status, createHash('sha256').update(bytes).digest('hex')]).toEqual([200, sha256]);
    }
    const added = await call('POST', '/v1/leads', { url: `https://again.${NOWHERE}`, triage: true });
    expect(await untilEnded(added.run.id, 120_000)).toMatchObject({ end: { code: 'unreachable' } });
  });
});

const peakMb = (pid: number): number =>
  Math.round(Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024);
