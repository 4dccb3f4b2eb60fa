import { Hono } from 'hono';
import { expect, onTestFinished, test, vi } from 'vitest';
import { mountHealth } from './health.ts';
import type { ApiEnv } from './kit/mount.ts';

function start() {
  const app = new Hono<ApiEnv>();
  let pings = 0;
  let isUp = true;
  const ping = async () => {
    pings += 1;
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    if (!isUp) throw new Error('away');
  };
  mountHealth(app, { db: { ping }, gateway: { reachable: async () => true } });
  return {
    ask: async () => (await app.request('/readyz')).status,
    pings: () => pings,
    fail: () => {
      isUp = false;
    },
  };
}

// sabotage: src/api/health.ts :: answer ??= ask().finally(() => setTimeout(forget, ms).unref()); => answer = ask();
test('a flood of questions for readiness asks the database once, and a second later anew', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { ask, pings, fail } = start();
  const waiting = Array.from({ length: 200 }, ask);
  await vi.advanceTimersByTimeAsync(4_000);
  waiting.push(...Array.from({ length: 200 }, ask));
  await vi.advanceTimersByTimeAsync(1_500);
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([200]));
  fail();
  expect(await ask()).toBe(200);
  expect(pings()).toBe(1);
  await vi.advanceTimersByTimeAsync(500);
  const later = ask();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await later).toBe(503);
  expect(pings()).toBe(2);
});
