import { expect, test } from 'vitest';
import {
  bootstrapInterval,
  isSoundControl,
  judge,
  median,
  pairOrders,
  quantile,
  seeded,
} from './statistics.ts';

test('the median of an even count lies between the two middle values', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([])).toBeNaN();
});

test('a quantile is a value of the list that so many lie at or below', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(quantile(values, 0.95)).toBe(95);
  expect(quantile(values, 0.5)).toBe(50);
  expect(quantile([7], 0.95)).toBe(7);
});

test('the interval is the same for the same seed, holds the median and narrows with less spread', () => {
  const wide = [0.8, 0.9, 1, 1.1, 1.2, 0.85, 0.95, 1.05, 1.15];
  const narrow = wide.map((value) => 1 + (value - 1) / 10);
  const interval = bootstrapInterval(wide, 7);
  expect(bootstrapInterval(wide, 7)).toEqual(interval);
  expect(interval.low).toBeLessThan(1);
  expect(interval.high).toBeGreaterThan(1);
  const inner = bootstrapInterval(narrow, 7);
  expect(inner.high - inner.low).toBeLessThan((interval.high - interval.low) / 5);
  expect(bootstrapInterval([1.3], 7)).toEqual({ low: 1.3, high: 1.3 });
});

test('the interval covers the true median about 95 times of 100, judged by 40', () => {
  const random = seeded(3);
  let covered = 0;
  for (let trial = 0; trial < 40; trial += 1) {
    const sample = Array.from({ length: 9 }, () => 1 + (random() + random() + random() - 1.5) / 10);
    const { low, high } = bootstrapInterval(sample, trial);
    if (low <= 1 && high >= 1) covered += 1;
  }
  expect(covered).toBeGreaterThanOrEqual(34);
});

test('a target is met or missed by the whole interval only', () => {
  expect(judge({ low: 1, high: 1.1 }, { most: 1.15 })).toBe('met');
  expect(judge({ low: 1.1, high: 1.2 }, { most: 1.15 })).toBe('undecided');
  expect(judge({ low: 1.2, high: 1.3 }, { most: 1.15 })).toBe('missed');
  expect(judge({ low: 2.6, high: 2.8 }, { least: 2.5 })).toBe('met');
  expect(judge({ low: 2.4, high: 2.8 }, { least: 2.5 })).toBe('undecided');
  expect(judge({ low: 2.2, high: 2.4 }, { least: 2.5 })).toBe('missed');
});

test('a control whose interval misses 1 or is too wide shows a setup that cannot be trusted', () => {
  expect(isSoundControl({ low: 0.98, high: 1.03 })).toBe(true);
  expect(isSoundControl({ low: 1.01, high: 1.03 })).toBe(false);
  expect(isSoundControl({ low: 0.9, high: 1.03 })).toBe(false);
});

test('the sides take turns in going first', () => {
  expect(pairOrders(5)).toEqual(['AB', 'BA', 'AB', 'BA', 'AB']);
});
