import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drained, PLAN_RATES, REQUEST_PARTS, roomOf } from './rules.ts';

test("the numbers are the seed's, in the order of the plans", () => {
  expect(PLAN_RATES).toEqual({
    ignition: { perMinute: 60, burst: 100 },
    velocity: { perMinute: 300, burst: 500 },
    dominance: { perMinute: 1_000, burst: 2_000 },
  });
});

test('a bucket allows its burst at once, and over any time no more than burst and what came back', () => {
  const steps = fc.array(fc.record({ passMs: fc.nat(5_000), wanted: fc.nat(300) }), { maxLength: 40 });
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(PLAN_RATES)), steps, (rate, all) => {
      let bucket = { used: 0, atMs: 0 };
      let granted = 0;
      for (const { passMs, wanted } of all) {
        bucket = drained(bucket, rate, bucket.atMs + passMs);
        const now = Math.min(wanted, roomOf(bucket.used, rate).remaining);
        granted += now;
        bucket = { ...bucket, used: bucket.used + now * REQUEST_PARTS };
        expect(bucket.used).toBeLessThanOrEqual(rate.burst * REQUEST_PARTS);
        expect(granted).toBeLessThanOrEqual(rate.burst + (bucket.atMs * rate.perMinute) / REQUEST_PARTS);
      }
    }),
  );
});

test('the next request comes back when it is said to, and not a millisecond earlier', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(PLAN_RATES)),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (rate, full) => {
        const used = Math.floor(full * rate.burst * REQUEST_PARTS);
        const { remaining, nextMs, fullMs } = roomOf(used, rate);
        if (used > 0) {
          const at = (ms: number) => roomOf(drained({ used, atMs: 0 }, rate, ms).used, rate).remaining;
          expect(at(nextMs)).toBeGreaterThan(Math.min(remaining, rate.burst - 1));
          expect(at(nextMs - 1)).toBe(remaining);
          expect(drained({ used, atMs: 0 }, rate, fullMs).used).toBe(0);
        } else expect([remaining, nextMs, fullMs]).toEqual([rate.burst, 0, 0]);
      },
    ),
  );
});

test('after a larger plan the rest is larger at once, after a smaller one nobody waits for what was used before', () => {
  const { ignition, velocity } = PLAN_RATES;
  const empty = { used: 100 * REQUEST_PARTS, atMs: 0 };
  expect(roomOf(drained(empty, velocity, 0).used, velocity).remaining).toBe(400);
  const larger = { used: 500 * REQUEST_PARTS, atMs: 0 };
  expect(roomOf(drained(larger, ignition, 1_000).used, ignition).remaining).toBe(1);
});

test('a clock that goes back gives nothing and takes nothing', () => {
  const bucket = { used: 7 * REQUEST_PARTS, atMs: 10_000_000 };
  expect(drained(bucket, PLAN_RATES.ignition, 0)).toEqual({ used: 7 * REQUEST_PARTS, atMs: 0 });
});
