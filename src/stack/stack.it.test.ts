import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { namespaceSetup } from '../cli/namespace-setup.ts';
import { type Environment, userCacheDir } from './cache.ts';
import { type DoctorFact, examineMachine } from './doctor.ts';
import { createProgress, silentProgress } from './progress.ts';
import { readRunningStack, StackRunsError } from './running.ts';
import { type RunningStack, startStack } from './stack.ts';
import { findTemporalServer } from './temporal/find.ts';
import { startTemporalServer } from './temporal/start.ts';
import { holdInChild, isAlive, stackModule } from './testing-children.ts';

// Each test starts servers, some several: a busy machine needs longer than one query does.
vi.setConfig({ testTimeout: 90_000 });

const TAKEN_FROM_OURS = /^(TEMPORAL|DATABASE|CHROMIUM|AGOS)_/;
const environment: Environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !TAKEN_FROM_OURS.test(name)),
);

const folders: string[] = [];
const running: RunningStack[] = [];

let dataDir: string;
beforeEach(async () => {
  dataDir = await newFolder();
});

afterEach(async () => {
  for (const stack of running.splice(0)) await stack.stop();
  for (const folder of folders.splice(0)) await removeData(folder);
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'agos-stack-'));
  folders.push(folder);
  return folder;
}

async function removeData(folder: string): Promise<void> {
  const record = await readFile(join(folder, 'postgres.json'), 'utf8').catch(() => '{}');
  const { home } = JSON.parse(record) as { home?: string };
  if (home) await rm(home, { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
}

async function start(more: Environment = {}, folder = dataDir): Promise<RunningStack> {
  const stack = await startStack({
    dataDir: folder,
    environment: { ...environment, ...more },
    progress: silentProgress,
    namespaceSetup,
    chromium: false,
  });
  running.push(stack);
  return stack;
}

test('says one line for each part, and where it runs; the second start takes less than fifteen seconds', async () => {
  const lines: string[] = [];
  const first = await startStack({
    dataDir,
    environment,
    progress: createProgress({ write: (text) => lines.push(text.trim()) }),
    namespaceSetup,
    chromium: false,
  });
  await first.stop();
  expect(lines.sort()).toEqual([
    expect.stringMatching(/^PostgreSQL 18\.\d+ \(embedded\) ready in \d+\.\d s$/),
    expect.stringMatching(/^Temporal 1\.\d+\.\d+ \(.+\) ready in \d+\.\d s$/),
    'This stack is for development: AGOS_ENV=development',
  ]);
  const startedAt = Date.now();
  const second = await start();
  expect(Date.now() - startedAt).toBeLessThan(15_000);
  expect(second.environment.TEMPORAL_ADDRESS).toBe(first.environment.TEMPORAL_ADDRESS);
  expect(second.environment.AGOS_TEMPORAL_UI_URL).toBe(first.environment.AGOS_TEMPORAL_UI_URL);
});

test('a second stack on the same folder is refused and told who runs; another folder works beside it', async () => {
  const first = await start();
  await expect(start()).rejects.toThrow(StackRunsError);
  await expect(start()).rejects.toThrow(`process ${process.pid}`);
  const other = await start({}, await newFolder());
  expect(other.environment.DATABASE_URL).not.toBe(first.environment.DATABASE_URL);
});

test('other commands find the stack while it runs, through a file that only its owner reads', async () => {
  const stack = await start();
  expect((await stat(join(dataDir, 'stack.json'))).mode & 0o777).toBe(0o600);
  const found = await readRunningStack(dataDir);
  expect(found?.variables.DATABASE_ADMIN_URL).toBe(stack.environment.DATABASE_ADMIN_URL);
  await stack.stop();
  expect(await readRunningStack(dataDir)).toBeUndefined();
});

test('a key and TLS meant for another Temporal server do not reach ours', async () => {
  const stack = await start({ TEMPORAL_API_KEY: 'meant-for-another', TEMPORAL_TLS: 'true' });
  const config = loadClientConnectConfig({ overrideEnvVars: stack.environment });
  const connection = await Connection.connect(config.connectionOptions as object);
  await connection.close();
  expect(JSON.stringify(stack.environment)).not.toContain('meant-for-another');
});

test('when one part cannot start, the others are ended and the folder is free again', async () => {
  await expect(
    start({
      DATABASE_URL: 'postgres://a:b@127.0.0.1:9/x',
      DATABASE_SYSTEM_URL: 'postgres://a:b@127.0.0.1:9/x',
    }),
  ).rejects.toThrow(/^DATABASE_URL does not work: .* unset it\.$/);
  await start();
});

test('half of a database in the environment is a sentence, not a guess', async () => {
  await expect(start({ DATABASE_URL: 'postgres://a:b@127.0.0.1:9/x' })).rejects.toThrow(
    /^Set DATABASE_SYSTEM_URL too/,
  );
});

test('a part that ends by itself is reported with the file that says why', async () => {
  const stack = await start();
  const record = JSON.parse(await readFile(join(dataDir, 'postgres.json'), 'utf8')) as { home: string };
  const pid = Number.parseInt(readFileSync(join(record.home, 'cluster', 'postmaster.pid'), 'utf8'), 10);
  process.kill(pid, 'SIGKILL');
  expect(await stack.failed).toMatch(
    /^PostgreSQL ended by itself \(signal SIGKILL\); .*postgres\.log says why\.$/,
  );
});

test('killed without a word, it leaves no process behind, and the folder starts again', async () => {
  const holder = await holdInChild(`
    import { startStack } from ${stackModule('./stack.ts')};
    const quiet = { line() {}, working() {} };
    const environment = ${JSON.stringify(environment)};
    await startStack({ dataDir: ${JSON.stringify(dataDir)}, environment, progress: quiet, chromium: false,
      namespaceSetup: { searchAttributes: {} } });
    const { readFileSync } = await import('node:fs');
    const children = readFileSync('/proc/' + process.pid + '/task/' + process.pid + '/children', 'utf8');
    console.log(JSON.stringify({ pids: children.trim().split(' ').map(Number) }));`);
  const pids = (holder.report.pids as number[]).filter(isAlive);
  expect(pids.length).toBe(2);
  await holder.kill('SIGKILL');
  await expect.poll(() => pids.filter(isAlive), { timeout: 10_000 }).toEqual([]);
  await start();
});

test('doctor tells what runs, which version, and that nothing is lacking', async () => {
  await start();
  const facts = await examineMachine({ environment, dataDir, progress: silentProgress, namespaceSetup });
  const [node, temporal, database] = facts;
  expect(facts.map(({ part }) => part)).toEqual(['Node', 'Temporal', 'PostgreSQL', 'Chromium']);
  expect(node).toMatchObject({ ok: true, version: process.versions.node });
  expect(temporal).toMatchObject({ ok: true, source: 'the stack that runs', notes: [] });
  expect(database).toMatchObject({ ok: true, source: 'the stack that runs', notes: [] });
});

test('doctor leaves no trace on a machine that has nothing yet', async () => {
  const bare = { PATH: '/usr/bin:/bin', HOME: dataDir };
  const options = { environment: bare, progress: silentProgress, namespaceSetup };
  await examineMachine({ ...options, dataDir: join(dataDir, '.agos') });
  expect(await readdir(dataDir)).toEqual([]);
});

test('a Temporal server of the user is used as it is, and doctor says what it lacks', async () => {
  const cacheDir = userCacheDir(environment);
  const found = await findTemporalServer({ environment, cacheDir, progress: silentProgress });
  if (found.kind !== 'binary') throw new Error('expected a binary');
  const theirs = await startTemporalServer({ binary: found.path, dataDir: await newFolder(), ui: false });
  try {
    const named = { ...environment, TEMPORAL_ADDRESS: theirs.address };
    const examine = (more: { tryFairness?: boolean } = {}): Promise<DoctorFact[]> =>
      examineMachine({ environment: named, dataDir, progress: silentProgress, namespaceSetup, ...more });
    const [, before] = await examine();
    expect(before).toMatchObject({ ok: false, source: 'TEMPORAL_ADDRESS' });
    const notTried = expect.stringMatching(/^Fairness was not tried: "agos doctor --try-fairness" does/);
    expect(before?.notes).toEqual([
      expect.stringMatching(/^Lacks search attributes\. Run: temporal operator/),
      notTried,
    ]);
    const stack = await start({ TEMPORAL_ADDRESS: theirs.address });
    expect(stack.environment.TEMPORAL_ADDRESS).toBe(theirs.address);
    const [, after] = await examine();
    expect(after).toMatchObject({ ok: true, source: 'TEMPORAL_ADDRESS', notes: [notTried] });
    expect(await workflowsAt(theirs.address)).toBe(0);
    expect((await examine({ tryFairness: true }))[1]).toMatchObject({ ok: true, notes: [] });
  } finally {
    await theirs.stop();
  }
});

async function workflowsAt(address: string): Promise<number> {
  const connection = await Connection.connect({ address });
  try {
    const counted = await connection.workflowService.countWorkflowExecutions({ namespace: 'default' });
    return Number(counted.count);
  } finally {
    await connection.close();
  }
}
