import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LockHeldError, lockHolder, takeLock, waitForLock } from './lock.ts';
import { stackModule } from './testing-children.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agos-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a lock has one holder, who is named to the others, and is free after release', async () => {
  const path = join(folder, 'stack');
  const lock = await takeLock(path, 'process 1234');
  await expect(takeLock(path)).rejects.toThrow(LockHeldError);
  expect(await lockHolder(path)).toBe('process 1234');
  await lock.release();
  expect(await lockHolder(path)).toBeUndefined();
  await (await takeLock(path)).release();
});

test('of many takers at once exactly one gets the lock', async () => {
  const takers = Array.from({ length: 20 }, () => takeLock(join(folder, 'stack')));
  const outcomes = await Promise.allSettled(takers);
  const winners = outcomes.filter((outcome) => outcome.status === 'fulfilled');
  expect(winners).toHaveLength(1);
  await winners[0]?.value.release();
});

test('a folder reached by another name is the same lock', async () => {
  const alias = `${folder}-alias`;
  await symlink(folder, alias);
  const lock = await takeLock(join(folder, 'stack'));
  await expect(takeLock(join(alias, 'stack'))).rejects.toThrow(LockHeldError);
  await lock.release();
  await rm(alias);
});

test('the lock of a killed process is free at once', async () => {
  const path = join(folder, 'stack');
  const source = `import { takeLock } from ${stackModule('./lock.ts')};
    await takeLock(${JSON.stringify(path)}); console.log('held'); setInterval(() => {}, 1e6);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  expect(await lockHolder(path)).toBe(`process ${child.pid}`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const waited = await waitForLock(path, () => undefined);
  await waited.release();
});
