import { expect, test } from 'vitest';
import { DELIVERY_TIMES, failingSince, pauseAfter, retryAfterMs } from './rules.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;

test("ten attempts by the specification's schedule, the last after 75 hours and 35 minutes", () => {
  const pauses: (number | null)[] = [];
  for (let tries = 1; tries <= 10; tries += 1) {
    pauses.push(pauseAfter(DELIVERY_TIMES, { tries, random: 0, askedMs: null }));
  }
  const hours = [2, 5, 10, 14, 20, 24].map((one) => one * HOUR);
  expect(pauses).toEqual([5_000, 5 * MINUTE, 30 * MINUTE, ...hours, null]);
});

test('jitter only lengthens a pause, by a fifth at most', () => {
  const pause = (random: number) => pauseAfter(DELIVERY_TIMES, { tries: 3, random, askedMs: null });
  expect([pause(0), pause(0.5), pause(1)]).toEqual([30, 33, 36].map((one) => one * MINUTE));
});

test('a receiver may ask for a longer pause, never for a shorter one, and for a day at most', () => {
  const pause = (askedMs: number) => pauseAfter(DELIVERY_TIMES, { tries: 2, random: 0, askedMs });
  expect(pause(1_000)).toBe(5 * MINUTE);
  expect(pause(HOUR)).toBe(HOUR);
  expect(pause(1_000 * HOUR)).toBe(24 * HOUR);
  expect(pauseAfter(DELIVERY_TIMES, { tries: 10, random: 0, askedMs: HOUR }), 'no attempt more').toBeNull();
});

// sabotage: src/control/webhooks/rules.ts :: return before.failingSince && quietMs <= longestQuietMs ? before.failingSince : now; => return before.failingSince ?? now;
test('failures further apart than any pause between tries, 29 hours, are not one time of failing', () => {
  const now = new Date('2026-01-20T12:00:00Z');
  const first = new Date('2026-01-01T12:00:00Z');
  const since = (hoursAgo: number) => {
    const lastFailedAt = new Date(now.getTime() - hoursAgo * HOUR);
    return failingSince(DELIVERY_TIMES, { failingSince: first, lastFailedAt }, now);
  };
  expect([since(1), since(28.8), since(29), since(400)]).toEqual([first, first, now, now]);
  expect(failingSince(DELIVERY_TIMES, { failingSince: null, lastFailedAt: null }, now)).toEqual(now);
});

test('Retry-After is read as seconds and as a date; anything else is nothing', () => {
  const now = new Date('2026-11-26T12:00:00Z');
  expect(retryAfterMs('120', now)).toBe(120_000);
  expect(retryAfterMs('Thu, 26 Nov 2026 12:01:00 GMT', now)).toBe(MINUTE);
  expect(retryAfterMs('Thu, 26 Nov 2026 11:00:00 GMT', now)).toBe(0);
  for (const odd of [undefined, '', '-5', '1e9', 'soon', '99999999999'])
    expect(retryAfterMs(odd, now)).toBeNull();
});
