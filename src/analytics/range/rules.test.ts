import { expect, test } from 'vitest';
import { dayAfter, dayCount, daysOf, meanOf, rangeOf, shareOf } from './rules.ts';

test('a range has both of its days, whole, and knows leap years', () => {
  const range = rangeOf('2028-02-28', '2028-03-01');
  expect(daysOf(range)).toEqual(['2028-02-28', '2028-02-29', '2028-03-01']);
  expect(range.startsAt.toISOString()).toBe('2028-02-28T00:00:00.000Z');
  expect(range.endsAt.toISOString()).toBe('2028-03-02T00:00:00.000Z');
  expect(dayCount(rangeOf('2026-01-02', '2026-01-01'))).toBe(0);
  expect(dayAfter('2026-01-01', -29)).toBe('2025-12-03');
});

test('a share or mean of nothing is null, any other one is rounded', () => {
  expect([shareOf(0, 0), shareOf(0, 3), shareOf(1, 3), shareOf(3, 3)]).toEqual([null, 0, 0.3333, 1]);
  expect([meanOf(0, 0), meanOf(5, 2)]).toEqual([null, 3]);
});
