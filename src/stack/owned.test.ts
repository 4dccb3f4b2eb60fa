import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { spawnOwned } from './owned.ts';
import { holdInChild, isAlive, stackModule } from './testing-children.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agos-owned-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('what a child prints goes to its log, and its end is told', async () => {
  const logFile = join(folder, 'log');
  const child = spawnOwned('sh', ['-c', 'echo out; echo err >&2; exit 3'], { logFile, env: {} });
  expect(await child.exited).toBe('exit code 3');
  expect(await readFile(logFile, 'utf8')).toBe('out\nerr\n');
});

test('a child sees only the environment that it was given', async () => {
  const logFile = join(folder, 'log');
  await spawnOwned('env', [], { logFile, env: { ONLY: 'this' } }).exited;
  const names = (await readFile(logFile, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => line.split('=')[0]);
  expect(names.sort()).toEqual(['ONLY', 'PATH']);
});

test('a child that ignores SIGTERM is killed in the end', async () => {
  const child = spawnOwned('sh', ['-c', 'trap "" TERM; while :; do sleep 0.05; done'], {
    logFile: join(folder, 'log'),
    env: {},
    stopTimeoutMs: 300,
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  await child.stop();
  expect(await child.exited).toBe('signal SIGKILL');
});

test('Ctrl-C in our terminal does not reach a child, and killing it takes its own children along', async () => {
  const logFile = join(folder, 'log');
  const script = 'trap "" TERM; sleep 1000 & echo $!; wait; wait';
  const child = spawnOwned('sh', ['-c', script], { logFile, env: {}, stopTimeoutMs: 100 });
  await expect.poll(() => readFile(logFile, 'utf8')).toMatch(/\d+\n/);
  const grandchild = Number(await readFile(logFile, 'utf8'));
  const groupOf = async (pid: number): Promise<number> =>
    Number((await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ')[2]);
  expect(await groupOf(child.pid)).not.toBe(await groupOf(process.pid));
  await child.stop();
  await expect.poll(() => isAlive(grandchild), { timeout: 5_000 }).toBe(false);
});

test('a command that does not exist is an end, not a crash', async () => {
  const child = spawnOwned(join(folder, 'missing'), [], { logFile: join(folder, 'log'), env: {} });
  expect(await child.exited).toMatch(/exit code 127|ENOENT/);
});

test('what a child has started, such as a compiler, does not outlive us either', async () => {
  // sabotage: src/stack/owned.ts :: endAtExit(exited, () => signalGroup(child.pid, `SIG${deathSignal}`)); => void endAtExit;
  const logFile = join(folder, 'log');
  const holder = await holdInChild(`
    import { spawnOwned } from ${stackModule('./owned.ts')};
    spawnOwned('sh', ['-c', 'sleep 1000 & echo $!; wait'], { logFile: ${JSON.stringify(logFile)}, env: {} });
    process.once('SIGINT', () => process.exit());
    console.log('{}');`);
  await expect.poll(() => readFile(logFile, 'utf8')).toMatch(/\d+\n/);
  const compiler = Number(await readFile(logFile, 'utf8'));
  expect(isAlive(compiler)).toBe(true);
  await holder.kill('SIGINT');
  await expect.poll(() => isAlive(compiler), { timeout: 5_000 }).toBe(false);
});

test('a child cannot outlive a parent that is killed', async () => {
  const holder = await holdInChild(`
    import { spawnOwned } from ${stackModule('./owned.ts')};
    const child = spawnOwned('sleep', ['1000'], { logFile: ${JSON.stringify(join(folder, 'log'))}, env: {} });
    console.log(JSON.stringify({ pid: child.pid }));`);
  const pid = Number(holder.report.pid);
  expect(isAlive(pid)).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await holder.kill('SIGKILL');
  await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false);
});
