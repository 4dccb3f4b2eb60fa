import { expect, test } from 'vitest';
import { PLAN_LIMITS, periodOf, secondsUntil } from './rules.ts';

test.each([
  ['2026-11-01T00:00:00.000Z', '2026-11-01', '2026-12-01T00:00:00.000Z'],
  ['2026-11-30T23:59:59.999Z', '2026-11-01', '2026-12-01T00:00:00.000Z'],
  ['2026-12-31T23:59:59.999Z', '2026-12-01', '2027-01-01T00:00:00.000Z'],
  ['2028-02-29T12:00:00.000Z', '2028-02-01', '2028-03-01T00:00:00.000Z'],
])('%s belongs to the month of %s, which ends at %s', (now, month, endsAt) => {
  expect(periodOf(new Date(now))).toEqual({ month, endsAt: new Date(endsAt) });
});

test('a caller is never told to come back at once', () => {
  const now = new Date('2026-11-30T23:59:59.999Z');
  expect(secondsUntil(periodOf(now).endsAt, now)).toBe(1);
  expect(secondsUntil(periodOf(now).endsAt, new Date('2026-11-30T00:00:00Z'))).toBe(86_400);
});

test('the lead pools are those of the seed, and no user alone can use one up', () => {
  expect(Object.values(PLAN_LIMITS).map(({ credits }) => credits)).toEqual([1_250, 2_250, 4_500]);
  for (const { credits, triagesPerUser } of Object.values(PLAN_LIMITS)) {
    expect(triagesPerUser).toBeGreaterThanOrEqual(1_000);
    expect(triagesPerUser).toBeLessThan(credits);
  }
});
