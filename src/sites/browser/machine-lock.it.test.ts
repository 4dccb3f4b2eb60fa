import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { createMachineLock, type LockMode, type WithMachineLock } from './machine-lock.ts';

const MODULE = fileURLToPath(new URL('./machine-lock.ts', import.meta.url));
const signal = new AbortController().signal;

function lockFolder(): string {
  const parent = mkdtempSync(join(tmpdir(), 'agos-test-lock-'));
  onTestFinished(() => rmSync(parent, { recursive: true }));
  return join(parent, 'lock');
}

/** Takes the lock now and gives back how to let it go; `taken` resolves when it is held. */
function take(lock: WithMachineLock, mode: LockMode): { taken: Promise<void>; release(): Promise<void> } {
  const taken = Promise.withResolvers<void>();
  const freed = Promise.withResolvers<void>();
  const done = lock(mode, { signal }, async () => {
    taken.resolve();
    await freed.promise;
  });
  return {
    taken: taken.promise,
    async release() {
      freed.resolve();
      await done;
    },
  };
}

const isPending = async (promise: Promise<unknown>): Promise<boolean> =>
  (await Promise.race([promise.then(() => 'done'), delay(300, 'pending')])) === 'pending';

test('many hold it shared, one holds it alone, and neither beside the other', async () => {
  const lock = createMachineLock({ dir: lockFolder() });
  const readers = [take(lock, 'shared'), take(lock, 'shared')];
  await Promise.all(readers.map(({ taken }) => taken));
  const alone = take(lock, 'exclusive');
  expect(await isPending(alone.taken)).toBe(true);
  await Promise.all(readers.map(({ release }) => release()));
  await alone.taken;
  const late = take(lock, 'shared');
  expect(await isPending(late.taken)).toBe(true);
  await alone.release();
  await late.taken;
  await late.release();
});

// sabotage: src/sites/browser/machine-lock.ts :: flock --shared 8 && echo shared => echo shared
test('one who held it alone may let others in who share it, but nobody who wants to be alone', async () => {
  const lock = createMachineLock({ dir: lockFolder() });
  const taken = Promise.withResolvers<() => Promise<void>>();
  const freed = Promise.withResolvers<void>();
  const first = lock('exclusive', { signal }, async ({ share }) => {
    taken.resolve(share);
    await freed.promise;
  });
  const share = await taken.promise;
  const reader = take(lock, 'shared');
  expect(await isPending(reader.taken)).toBe(true);
  await share();
  await reader.taken;
  const alone = take(lock, 'exclusive');
  await reader.release();
  expect(await isPending(alone.taken)).toBe(true);
  freed.resolve();
  await first;
  await alone.taken;
  await alone.release();
});

test('one who waits to be alone is not starved by a stream of shared holders', async () => {
  const lock = createMachineLock({ dir: lockFolder() });
  let running = true;
  const stream = [0, 40, 80].map(async (offset) => {
    await delay(offset);
    while (running) await lock('shared', { signal }, () => delay(120));
  });
  await delay(200);
  const startedAt = performance.now();
  await lock('exclusive', { signal }, async () => undefined);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  running = false;
  await Promise.all(stream);
});

// sabotage: src/sites/browser/machine-lock.ts :: && flock 9 && flock "--$2" 8 => && flock "--$2" 8
test('one who waits to be alone is next: whoever comes later waits', async () => {
  const lock = createMachineLock({ dir: lockFolder() });
  const slow = take(lock, 'shared');
  await slow.taken;
  const alone = take(lock, 'exclusive');
  expect(await isPending(alone.taken)).toBe(true);
  const late = take(lock, 'shared');
  expect(await isPending(late.taken)).toBe(true);
  await slow.release();
  await alone.taken;
  await alone.release();
  await late.release();
});

test('a process that is killed gives the lock back, also while it waits for it', async () => {
  const dir = lockFolder();
  const lock = createMachineLock({ dir });
  const holder = await otherProcess(dir, 'exclusive');
  const waiting = take(lock, 'shared');
  expect(await isPending(waiting.taken)).toBe(true);
  holder.kill('SIGKILL');
  await waiting.taken;
  await waiting.release();
});

/** Another Node process that takes the lock and keeps it. */
async function otherProcess(dir: string, mode: LockMode): Promise<ReturnType<typeof spawn>> {
  const code = `const { createMachineLock } = await import(${JSON.stringify(MODULE)});
    await createMachineLock({ dir: ${JSON.stringify(dir)} })('${mode}', { signal: new AbortController().signal },
      () => { console.log('held'); return new Promise((resolve) => setTimeout(resolve, 60_000)) });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

test('giving up while waiting leaves nothing in the way', async () => {
  const lock = createMachineLock({ dir: lockFolder() });
  const holder = take(lock, 'shared');
  await holder.taken;
  const controller = new AbortController();
  const given = lock('exclusive', { signal: controller.signal }, async () => undefined);
  await delay(200);
  controller.abort(new Error('cancelled'));
  await expect(given).rejects.toThrow('cancelled');
  const next = take(lock, 'shared');
  await next.taken;
  await Promise.all([holder.release(), next.release()]);
});

test('a failing holder frees the lock and its error comes out', async () => {
  const lock = createMachineLock({ dir: lockFolder() });
  await expect(lock('exclusive', { signal }, () => Promise.reject(new Error('inside')))).rejects.toThrow(
    'inside',
  );
  expect(await lock('exclusive', { signal }, async () => 'again')).toBe('again');
});

test('its folders can be read, and so locked, by every user of the machine', async () => {
  const dir = lockFolder();
  await createMachineLock({ dir })('shared', { signal }, async () => undefined);
  for (const folder of [dir, join(dir, 'gate'), join(dir, 'lock')]) {
    expect(statSync(folder).mode & 0o777).toBe(0o755);
  }
});
