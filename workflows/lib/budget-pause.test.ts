import { expect, test } from 'vitest';
import { pauseBeforeLook } from './budget-pause.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START_MS = Date.parse('2026-11-01T09:00:00Z');

/** The looks of a run that no day has room for, as the ledger refuses it. */
function looksOf(days: number): number[] {
  const looks: number[] = [];
  for (let nowMs = START_MS; nowMs < START_MS + days * DAY_MS; ) {
    const endsAtMs = Math.floor(nowMs / DAY_MS) * DAY_MS + DAY_MS;
    const refusal = {
      available_at: new Date(endsAtMs).toISOString(),
      look_again_ms: Math.min(HOUR_MS / 2, endsAtMs - nowMs),
    };
    nowMs += pauseBeforeLook(refusal, { looks: looks.length, nowMs });
    looks.push(nowMs);
  }
  return looks;
}

test('it asks soon at first, then ever less often, and always when a day begins', () => {
  const looks = looksOf(3);
  expect(looks.slice(0, 4).map((ms) => (ms - START_MS) / HOUR_MS)).toEqual([0.5, 1.5, 3.5, 7.5]);
  for (const day of [1, 2]) expect(looks).toContain(START_MS - 9 * HOUR_MS + day * DAY_MS);
});

// sabotage: workflows/lib/budget-pause.ts :: const SLOWEST_LOOKS = 12; => const SLOWEST_LOOKS = 1;
test('thirty days without room leave a history far below what Temporal allows', () => {
  const eventsOfLook = 13;
  expect(looksOf(30).length * eventsOfLook).toBeLessThan(10_240 / 4);
});
