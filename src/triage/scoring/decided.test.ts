import { expect, test } from 'vitest';
import { decidedReasons } from './decided.ts';

const OF_SCORE = ['The score of 53 out of 100 stays below the threshold of 55.', 'No page title: 10 points.'];

test('what a person decided stands before the score that says otherwise', () => {
  const end = { decision: 'qualified', decidedBy: 'person', reason: 'I know them.' } as const;
  expect(decidedReasons(OF_SCORE, end)).toEqual([
    'Decided by a person: qualified. I know them.',
    ...OF_SCORE,
  ]);
  expect(decidedReasons(OF_SCORE, { ...end, reason: null })[0]).toBe('Decided by a person: qualified.');
});

test('that nobody decided is said too, and a score that decides alone needs no word', () => {
  const end = { decision: 'disqualified', reason: null } as const;
  expect(decidedReasons(OF_SCORE, { ...end, decidedBy: 'expiry' })[0]).toMatch(/^Nobody decided in time/);
  expect(decidedReasons(OF_SCORE, { ...end, decidedBy: 'score' })).toEqual(OF_SCORE);
});

test('a repeated attempt says it once', () => {
  const end = { decision: 'qualified', decidedBy: 'person', reason: 'I know them.' } as const;
  expect(decidedReasons(decidedReasons(OF_SCORE, end), end)).toHaveLength(3);
});
