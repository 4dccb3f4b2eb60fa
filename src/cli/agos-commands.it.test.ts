import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import {
  allowTargets,
  createAuthority,
  freeLoopbackAddress,
  serveSites,
} from '../../examples/server/index.ts';
import { descendantsOf } from '../../tests/faults/support/processes.ts';
import { testChromium } from '../../tests/support/test-browser.ts';
import { createTestDatabase } from '../stack/testing.ts';
import { SIGNAL_CODES } from '../triage/signals/codes.ts';
import type { TriageLine } from './triage-line.ts';

const LAUNCHER = join(import.meta.dirname, 'agos.mjs');
const SITES = join(import.meta.dirname, '../../examples/sites');
const PORT = 8443;
/** A whole stack whose parts are on this machine is there in this time; the issue of it says 15 seconds. */
const SECOND_START_MS = 15_000;

let folder: string;
let environment: NodeJS.ProcessEnv;
let sites: Awaited<ReturnType<typeof serveSites>>;
let up: Up;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'agos-commands-'));
  const address = await freeLoopbackAddress(PORT);
  const authority = await createAuthority();
  const folders = ['kestrel-joinery', 'casa-almendro'].map((name) => join(SITES, name));
  sites = await serveSites({ folders, address, port: PORT, authority });
  const authorityFile = join(folder, 'authority.pem');
  writeFileSync(authorityFile, authority.certificatePem);
  environment = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:AGOS|DATABASE)_/.test(name))),
    AGOS_ENV: 'development',
    AGOS_ALLOW_TARGETS: allowTargets(sites.hosts, address, PORT),
    AGOS_EXTRA_CA: authorityFile,
    CHROMIUM_PATH: await testChromium(),
    NO_COLOR: '1',
  };
  up = await startUp();
});
afterAll(async () => {
  await up?.interrupt();
  await sites?.close();
  // As root the cluster lies outside of the data folder.
  const { home } = JSON.parse(readFileSync(join(folder, '.agos', 'postgres.json'), 'utf8'));
  rmSync(home, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
});

type Up = {
  child: ChildProcess;
  url: string;
  said: () => string;
  interrupt(): Promise<number | null>;
  kill(): Promise<void>;
};

/** `agos up`, until it says that it is ready. */
async function startUp(more: NodeJS.ProcessEnv = {}): Promise<Up> {
  const child = spawn(process.execPath, [LAUNCHER, 'up', '--json'], {
    cwd: folder,
    env: { ...environment, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const [first] = (await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => {
      throw new Error(`agos up ended: ${said}`);
    }),
  ])) as [Buffer];
  const { url } = JSON.parse(first.toString());
  return {
    child,
    url,
    said: () => said,
    interrupt: async () => {
      if (hasEnded(child)) return child.exitCode;
      child.kill('SIGINT');
      return (await once(child, 'exit'))[0];
    },
    kill: async () => {
      if (hasEnded(child)) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

type Ran = { code: number | null; out: string; err: string };

async function agos(args: string[], more: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const child = spawn(process.execPath, [LAUNCHER, ...args], {
    cwd: folder,
    env: { ...environment, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ran: Ran = { code: null, out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    ran.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    ran.err += chunk;
  });
  [ran.code] = await once(child, 'close');
  return ran;
}

const SITE = `https://kestrel-joinery.example:${PORT}`;
const lineOf = ({ out }: Ran) => JSON.parse(out);

test('up says that it is for development, and keeps its credentials for its user alone', () => {
  expect(up.said()).toContain('AGOS_ENV=development');
  const file = join(folder, '.agos', 'credentials');
  expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ url: up.url, api_key: expect.any(String) });
});

test("API and worker are not told the owner's connection", () => {
  // sabotage: src/cli/local-stack.ts :: env: withoutOwner, => env: environment,
  const servers = descendantsOf(up.child.pid ?? -1).filter(({ command }) => command.includes('main.ts'));
  expect(servers).toHaveLength(2);
  for (const { pid } of servers) {
    const told = readFileSync(`/proc/${pid}/environ`, 'utf8');
    expect(told).toContain('DATABASE_URL=');
    expect(told).not.toContain('DATABASE_ADMIN_URL');
  }
});

test('doctor says of each part what was found', async () => {
  const ran = await agos(['doctor', '--json']);
  const { ok, facts } = lineOf(ran);
  expect([ran.code, ok]).toEqual([0, true]);
  const parts = facts.map(({ part }: { part: string }) => part);
  for (const part of ['Node', 'PostgreSQL', 'Temporal', 'Chromium', 'Files', 'Playbooks'])
    expect(parts).toContain(part);
});

test('files sweep finds the storage and the database of the stack that runs', async () => {
  const ran = await agos(['files', 'sweep', '--json']);
  expect(ran.code).toBe(0);
  expect(lineOf(ran)).toEqual({ removed: 0, removed_bytes: 0, kept: 0, foreign: 0 });
});

test('a second up on the same folder is wrong use, and is told who runs there', async () => {
  const ran = await agos(['up']);
  expect([ran.code, ran.err]).toEqual([2, expect.stringContaining(`process ${up.child.pid}`)]);
});

test('triage --wait --json prints one whole line per URL, in order; a refused one makes the exit code 4', async () => {
  const ran = await agos(['triage', SITE, 'http://10.0.0.1/', '--wait', '--json']);
  const [good, refused] = ran.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as TriageLine);
  expect(ran.code).toBe(4);
  expect(good).toMatchObject({
    url: SITE,
    final_url: `${SITE}/`,
    status: expect.stringMatching(/qualified$/),
    score: expect.any(Number),
    hold: null,
    awaiting: null,
    duration_ms: expect.any(Number),
    lead_id: expect.any(String),
    workflow_id: expect.stringContaining('triage:'),
    workflow_url: expect.stringContaining('/namespaces/'),
    summary: { text: expect.any(String), generated_by: 'offline' },
  });
  expect(good!.reasons.length).toBeGreaterThan(0);
  expect(good!.signals.map(({ code }) => code)).toEqual(SIGNAL_CODES);
  for (const signal of good!.signals) {
    expect(Object.keys(signal).sort()).toEqual(['code', 'detected', 'evidence', 'points', 'value']);
  }
  const figures = [
    'performance',
    'accessibility',
    'best_practices',
    'seo',
    'fcp_ms',
    'lcp_ms',
    'tbt_ms',
    'cls',
  ];
  for (const name of [...figures, 'speed_index_ms']) {
    expect(good?.lighthouse?.[name as keyof NonNullable<TriageLine['lighthouse']>], name).toEqual(
      expect.any(Number),
    );
  }
  for (const device of ['phone', 'desktop'] as const) {
    const picture = await fetch(good!.screenshots[device]!.url);
    expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
  }
  expect(refused).toMatchObject({
    url: 'http://10.0.0.1/',
    score: null,
    lead_id: null,
    workflow_id: null,
    hold: { code: 'url_target_forbidden', message: expect.any(String) },
  });
});

test('leads, lead and import show what there is, in words and as JSON', async () => {
  const lead = lineOf(await agos(['leads', '--json']));
  expect(lead).toMatchObject({ domain: `kestrel-joinery.example:${PORT}`, score: expect.any(Number) });
  const listed = await agos(['leads']);
  expect([listed.code, listed.out]).toEqual([0, expect.stringContaining(lead.id)]);
  const shown = await agos(['lead', lead.id]);
  expect(stripVTControlCharacters(shown.out)).toContain(`${lead.score} of 100`);
  const { report_url } = lineOf(await agos(['lead', lead.id, '--json']));
  expect(await (await fetch(report_url)).text()).toContain('<!doctype html>');

  writeFileSync(join(folder, 'leads.csv'), `url,company\n${SITE},Kestrel Joinery\nftp://bad.example,Bad\n`);
  const imported = await agos(['import', 'leads.csv', '--no-triage', '--wait', '--json']);
  expect(imported.code).toBe(4);
  const batch = lineOf(imported);
  expect(batch.counts).toMatchObject({ total: 2, rejected: 1 });
  expect(batch.problems).toMatchObject([{ line: 3 }]);
  const described = await agos(['batch', batch.id]);
  expect([described.code, described.out]).toEqual([0, expect.stringContaining('leads.csv')]);
});

test('decide refuses what does not wait, and says so', async () => {
  const { id } = lineOf(await agos(['leads', '--json']));
  const ran = await agos(['decide', id, '--as', 'qualified']);
  expect([ran.code, ran.err]).toEqual([4, expect.stringMatching(/wait/)]);
});

test('a score near the bar makes the exit code 1, and decide settles it', async () => {
  const close = `https://casa-almendro.example:${PORT}`;
  writeFileSync(join(folder, 'close.csv'), `url,industry\n${close},hospitality\n`);
  const imported = await agos(['import', 'close.csv', '--wait', '--json']);
  expect(lineOf(imported).counts).toMatchObject({ total: 1, awaiting: 1 });
  expect(imported.code).toBe(1);
  const { id } = (await agos(['leads', '--json'])).out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .find(({ domain }) => domain.startsWith('casa-almendro'));
  const decided = await agos(['decide', id, '--as', 'qualified', '--reason', 'I know them', '--json']);
  expect([decided.code, lineOf(decided)]).toEqual([0, expect.objectContaining({ outcome: 'qualified' })]);
  const states = async () => lineOf(await agos(['lead', id, '--json'])).status;
  await expect.poll(states, { timeout: 20_000, interval: 500 }).toBe('qualified');
});

test('tenant create and token make keys that work, and refuse a tenant that does not exist', async () => {
  const tenant = lineOf(await agos(['tenant', 'create', 'Acme', '--json']));
  const made = lineOf(await agos(['token', '--tenant', tenant.tenant_id, '--role', 'viewer', '--json']));
  const me = await fetch(`${up.url}/v1/me`, { headers: { authorization: `Bearer ${made.api_key}` } });
  expect(await me.json()).toMatchObject({ role: 'viewer' });
  const unknown = await agos(['token', '--tenant', crypto.randomUUID(), '--role', 'viewer']);
  expect([unknown.code, unknown.err]).toEqual([4, expect.stringContaining('There is no tenant')]);
  const noId = await agos(['token', '--tenant', 'acme', '--role', 'viewer']);
  expect([noId.code, noId.err]).toEqual([2, expect.stringContaining('UUID')]);
});

test('tenant plan shows and changes what a tenant has bought', async () => {
  const { tenant_id: tenant, api_key: key } = lineOf(await agos(['tenant', 'create', 'Buyer', '--json']));
  const fresh = { plan: 'ignition', subscription_status: 'trialing', credits: 1_250, triage_quota: 1_000 };
  expect(lineOf(await agos(['tenant', 'plan', tenant, '--json']))).toMatchObject(fresh);
  const changes = ['--plan', 'velocity', '--subscription', 'active', '--quota', '5', '--add-credits', '10'];
  const changed = await agos(['tenant', 'plan', tenant, ...changes]);
  expect([changed.code, changed.out]).toEqual([0, expect.stringContaining('0 of 2260 used')]);
  const usage = await fetch(`${up.url}/v1/usage`, { headers: { authorization: `Bearer ${key}` } });
  expect(await usage.json()).toMatchObject({
    plan: 'velocity',
    subscription_status: 'active',
    credits: { limit: 2_260 },
    triages: { limit: 5, used: 0 },
  });
  expect(lineOf(await agos(['tenant', 'plan', tenant, '--quota', 'plan', '--json'])).triage_quota).toBe(
    1_800,
  );
  expect((await agos(['tenant', 'plan', tenant, '--plan', 'free'])).code).toBe(2);
  expect((await agos(['tenant', 'plan', crypto.randomUUID()])).code).toBe(4);
});

test('wrong use is 2, a server that is not there is 3', async () => {
  expect((await agos(['triage'])).code).toBe(2);
  expect((await agos(['leads', '--limit', 'many'])).code).toBe(2);
  const away = { AGOS_URL: 'http://127.0.0.1:9', AGOS_API_KEY: 'agos_x' };
  expect((await agos(['leads'], away)).code).toBe(3);
  expect((await agos(['leads'], { AGOS_DATA_DIR: join(folder, 'nothing') })).code).toBe(3);
  const unreadable = 'not an address';
  const tenant = await agos(['tenant', 'create', 'X'], { DATABASE_ADMIN_URL: unreadable });
  expect([tenant.code, tenant.err]).toEqual([2, expect.stringContaining('DATABASE_ADMIN_URL is not')]);
  expect((await agos(['leads'], { ...away, AGOS_URL: unreadable })).code).toBe(2);
});

test('a key of another server reaches no local stack', async () => {
  // sabotage: src/cli/connect.ts :: const apiKey = AGOS_URL ? AGOS_API_KEY : found?.api_key; => const apiKey = AGOS_API_KEY ?? found?.api_key;
  expect((await agos(['leads'], { AGOS_API_KEY: 'agos_of_another_server' })).code).toBe(0);
});

/** Resolves when none of these processes is there any more. */
async function untilGone(pids: readonly number[]): Promise<void> {
  expect(pids.length).toBeGreaterThan(0);
  await expect.poll(() => pids.filter((pid) => existsSync(`/proc/${pid}`)), { timeout: 10_000 }).toEqual([]);
}

/** Resolves when the one lead of this folder is at work again. */
async function untilScanning(): Promise<void> {
  const { api_key } = JSON.parse(readFileSync(join(folder, '.agos', 'credentials'), 'utf8'));
  const headers = { authorization: `Bearer ${api_key}` };
  const scanning = async () =>
    ((await (await fetch(`${up.url}/v1/leads?status=scanning`, { headers })).json()) as { data: unknown[] })
      .data;
  await expect.poll(scanning, { timeout: 20_000, interval: 100 }).toHaveLength(1);
}

test('Ctrl-C ends a command that waits with 130, and up with everything that it started', async () => {
  const waiting = spawn(process.execPath, [LAUNCHER, 'triage', SITE, '--wait'], {
    cwd: folder,
    env: environment,
    stdio: 'ignore',
  });
  await untilScanning();
  const interruptedAt = Date.now();
  waiting.kill('SIGINT');
  expect((await once(waiting, 'exit'))[0]).toBe(130);
  expect(Date.now() - interruptedAt).toBeLessThan(3_000);

  const below = descendantsOf(up.child.pid ?? -1).map(({ pid }) => pid);
  expect(below.length).toBeGreaterThan(3);
  expect(await up.interrupt()).toBe(130);
  await untilGone(below);
  expect(existsSync(join(folder, '.agos', 'credentials'))).toBe(false);
});

test('the second start of the whole stack takes under 15 seconds; when it is killed nothing stays, and nobody uses its address', async () => {
  const startedAt = Date.now();
  up = await startUp();
  onTestFinished(up.kill);
  const tookMs = Date.now() - startedAt;
  console.log(`second start of the whole stack: ${tookMs} ms`);
  expect(tookMs).toBeLessThan(SECOND_START_MS);

  const below = descendantsOf(up.child.pid ?? -1).map(({ pid }) => pid);
  await up.kill();
  await untilGone(below);
  expect(existsSync(join(folder, '.agos', 'credentials'))).toBe(true);
  const ran = await agos(['leads']);
  expect([ran.code, ran.err]).toEqual([3, expect.stringContaining('No AgOS runs here')]);
});

/** A machine without Temporal and network, where Go takes its time. */
function withSlowGo(): { environment: NodeJS.ProcessEnv; compiler: string } {
  const bin = join(folder, 'bin');
  const compiler = join(folder, 'compiler.pid');
  mkdirSync(bin, { recursive: true });
  rmSync(compiler, { force: true });
  const script = `#!/bin/sh
if [ "$1" = version ]; then echo 'go version go1.25.0 linux/amd64'; exit; fi
sleep 1000 & echo $! > '${compiler}'; wait`;
  writeFileSync(join(bin, 'go'), script, { mode: 0o755 });
  const unreachable = 'http://127.0.0.1:9';
  return {
    environment: {
      PATH: `${bin}:/usr/sbin:/usr/bin:/sbin:/bin`,
      XDG_CACHE_HOME: join(folder, 'cache'),
      HTTPS_PROXY: unreachable,
      HTTP_PROXY: unreachable,
    },
    compiler,
  };
}

test('the first Ctrl-C ends a start that builds the Temporal server, with the compiler', async () => {
  const { environment: slow, compiler } = withSlowGo();
  const starting = spawn(process.execPath, [LAUNCHER, 'up'], {
    cwd: folder,
    env: { ...environment, ...slow },
    stdio: 'ignore',
  });
  await expect.poll(() => existsSync(compiler), { timeout: 60_000, interval: 200 }).toBe(true);
  const below = descendantsOf(starting.pid ?? -1).map(({ pid }) => pid);
  expect(below).toContain(Number(readFileSync(compiler, 'utf8')));
  const interruptedAt = Date.now();
  starting.kill('SIGINT');
  expect((await once(starting, 'exit'))[0]).toBe(130);
  expect(Date.now() - interruptedAt).toBeLessThan(3_000);
  await untilGone(below);
});

test('triage brings a stack up for the call where none runs, and ends it again', async () => {
  const ran = await agos(['triage', 'http://10.0.0.1/', '--json']);
  expect([ran.code, lineOf(ran).hold.code]).toEqual([4, 'url_target_forbidden']);
  expect(existsSync(join(folder, '.agos', 'stack.json'))).toBe(false);
});

test('a database that its owner has prepared is enough: up checks it, and takes a key that it knows', {
  timeout: 240_000,
}, async () => {
  const database = await createTestDatabase(inject('testDatabase').server);
  onTestFinished(database.drop);
  const { url, systemUrl, adminUrl } = database.info;
  const runtime = {
    DATABASE_URL: url,
    DATABASE_SYSTEM_URL: systemUrl,
    AGOS_DATA_DIR: join(folder, 'prepared'),
  };
  const owner = { DATABASE_ADMIN_URL: adminUrl };
  const early = await agos(['up'], runtime);
  expect([early.code, early.err]).toEqual([2, expect.stringContaining('`npx agos migrate`')]);
  const unmigrated = await agos(['tenant', 'create', 'Early'], owner);
  expect([unmigrated.code, unmigrated.err]).toEqual([2, expect.stringContaining('`npx agos migrate`')]);

  const migrated = await agos(['migrate', '--json'], { ...runtime, ...owner });
  expect([migrated.code, lineOf(migrated).database]).toEqual([0, 'up to date']);
  const keyless = await agos(['up'], { ...runtime, AGOS_API_KEY: 'agos_of_another_server' });
  expect([keyless.code, keyless.err]).toEqual([2, expect.stringContaining('AGOS_API_KEY')]);
  expect(existsSync(join(folder, 'prepared', 'credentials'))).toBe(false);

  const tenant = lineOf(await agos(['tenant', 'create', 'Prepared', '--json'], owner));
  up = await startUp({ ...runtime, AGOS_API_KEY: tenant.api_key });
  expect(up.said()).toContain('Database up to date; checked only');
  const listed = await agos(['leads'], { AGOS_DATA_DIR: runtime.AGOS_DATA_DIR });
  expect(listed.code).toBe(0);
  expect(await up.interrupt()).toBe(130);
});
