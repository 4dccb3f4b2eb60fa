import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { WithMachineLock } from '../browser/machine-lock.ts';
import { processTimes } from '../browser/process-tree.ts';
import { createCpuMeter } from './cpu-meter.ts';

/** A machine whose processes use what the test says. */
function machine() {
  const times = new Map([['node@1', 5_000]]);
  const look = () => [...times].map(([process, cpuMs]) => ({ process, cpuMs }));
  const use = (name: string, ms: number) => times.set(name, (times.get(name) ?? 0) + ms);
  return { meter: createCpuMeter(look), use, end: (name: string) => times.delete(name) };
}

test('what is used is shared evenly among the scans at work at that time', async () => {
  const { meter, use, end } = machine();
  const first = await meter.open();
  use('node@1', 100);
  use('browser@2', 300);
  const second = await meter.open();
  use('browser@2', 200);
  expect(await first.close()).toBe(400 + 100);
  end('browser@2');
  use('browser@3', 50);
  expect(await second.close()).toBe(100 + 50);
  use('node@1', 1_000);
  const third = await meter.open();
  expect(await third.close()).toBe(0);
});

test('who waits for the machine’s lock is not at work', async () => {
  const { meter, use } = machine();
  const gate = Promise.withResolvers<void>();
  const waiting = Promise.withResolvers<void>();
  const slow: WithMachineLock = async (_mode, _options, fn) => {
    waiting.resolve();
    await gate.promise;
    return fn({ share: async () => undefined });
  };
  const withLock = meter.exceptWaiting(slow);
  const [at, waits] = [await meter.open(), await meter.open()];
  const signal = new AbortController().signal;
  const work = waits.run(() => withLock('shared', { signal }, async () => use('browser@2', 30)));
  await waiting.promise;
  use('browser@2', 500);
  gate.resolve();
  await work;
  expect(await at.close()).toBe(500 + 15);
  expect(await waits.close()).toBe(15);
});

test('the time of a real process below this one is found, and it grows', async () => {
  const child = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const ofChild = async () =>
    processTimes(process.pid).find(({ process: name }) => name.startsWith(`${child.pid}@`));
  const meter = createCpuMeter();
  const share = await meter.open();
  await expect.poll(async () => (await ofChild())?.cpuMs ?? 0, { timeout: 15_000 }).toBeGreaterThan(300);
  await sleep(10);
  const used = await share.close();
  child.kill('SIGKILL');
  expect(used).toBeGreaterThan(250);
});
