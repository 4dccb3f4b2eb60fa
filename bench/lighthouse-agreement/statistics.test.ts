import { expect, test } from 'vitest';
import { chooseSpread, judge, ownNoise, rankCorrelation, whyTrial } from './statistics.ts';

test('the noise of a side is the median difference of its runs', () => {
  expect(ownNoise([80, 81, 90])).toBe(9);
  expect(ownNoise([80])).toBe(0);
});

test('the rank correlation sees the order alone, and ties share their rank', () => {
  expect(rankCorrelation([1, 2, 3, 4], [10, 20, 30, 1_000])).toBeCloseTo(1);
  expect(rankCorrelation([1, 2, 3, 4], [4, 3, 2, 1])).toBeCloseTo(-1);
  expect(rankCorrelation([1, 2, 2, 3], [1, 2, 2, 3])).toBeCloseTo(1);
});

test('two sides that differ by more than the noise and 2 do not agree', () => {
  const site = (name: string, cli: number, ours: number) => ({
    site: name,
    cli: [cli, cli, cli],
    ours: [ours, ours, ours],
  });
  expect(judge([site('a', 90, 92), site('b', 50, 48), site('c', 70, 70)]).agrees).toBe(true);
  expect(judge([site('a', 90, 86), site('b', 50, 46), site('c', 70, 66)]).agrees).toBe(false);
});

test('two sides that order the sites differently do not agree', () => {
  const site = (name: string, cli: number, ours: number) => ({ site: name, cli: [cli], ours: [ours] });
  expect(judge([site('a', 90, 91), site('b', 91, 90), site('c', 92, 89)]).agrees).toBe(false);
});

test('sites of one band of scores do not crowd out the others', () => {
  const scores = [100, 99, 98, 97, 12, 50].map((score) => ({ score }));
  expect(chooseSpread(scores, 2).map(({ score }) => score)).toEqual([100, 99, 12, 50]);
});

test('fewer than 15 sites, or fewer than 3 runs on either side of one, are a trial and no proof', () => {
  const sites = Array.from({ length: 15 }, (_, index) => ({
    site: `s${index}`,
    ours: [1, 2, 3],
    cli: [1, 2, 3],
  }));
  expect(whyTrial(sites)).toBeNull();
  expect(whyTrial(sites.slice(1))).toContain('a trial, not a proof');
  expect(whyTrial(sites.with(3, { ...sites[3]!, cli: [1, 2] }))).toContain('a trial, not a proof');
  expect(whyTrial([])).toContain('a trial, not a proof');
});
