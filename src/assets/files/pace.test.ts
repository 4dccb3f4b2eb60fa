import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { requirePace, SLOWEST } from './pace.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** After how many seconds a reader is cut off who takes so much in each; null when their file has ended before. */
function cutAfter(seconds: number, bytesIn: (second: number) => number): number | null {
  const socket = { bytesWritten: 0, destroyed: false, destroy: () => (socket.destroyed = true) };
  const answer = new EventEmitter();
  requirePace(answer as ServerResponse, socket as unknown as Socket, SLOWEST);
  for (let second = 1; second <= seconds; second += 1) {
    socket.bytesWritten += bytesIn(second);
    vi.advanceTimersByTime(1_000);
    if (socket.destroyed) return second;
  }
  answer.emit('close');
  return null;
}

// sabotage: src/assets/files/pace.ts :: bytesPerSecond: 50_000 => bytesPerSecond: 500_000
test('a phone that takes 100 KB a second gets 25 MB, also when its network is away for 20 seconds in each minute', () => {
  expect(cutAfter(250, () => 100_000)).toBeNull();
  expect(cutAfter(375, (second) => (second % 60 < 40 ? 100_000 : 0))).toBeNull();
});

// sabotage: src/assets/files/pace.ts :: if (leftMs <= 0) socket.destroy(); =>
test('who takes nothing is cut off after half a minute, who takes a trickle hardly later', () => {
  expect(cutAfter(3_600, () => 0)).toBe(30);
  expect(cutAfter(3_600, () => 1_000)).toBeLessThan(40);
  expect(cutAfter(3_600, () => 40_000)).toBeLessThan(160);
});

// sabotage: src/assets/files/pace.ts :: Math.min(pace.behindMs, leftMs - lookEveryMs + gainedMs) => leftMs - lookEveryMs + gainedMs
test('who took most of a file fast may not hold the rest for longer', () => {
  expect(cutAfter(3_600, (second) => (second === 1 ? 24_000_000 : 0))).toBeLessThan(40);
});

// sabotage: src/assets/files/pace.ts :: answer.once('close', () => clearInterval(timer)); =>
test('nothing is left of it when the answer has ended', () => {
  cutAfter(1, () => 1_000);
  expect(vi.getTimerCount()).toBe(0);
});
