import { expect, test } from 'vitest';
import { whyOf } from './table.ts';

const SCORE = 'The score of 53 out of 100 stays below the threshold of 55.';

test('what a person decided is why, before whatever was found', () => {
  const decided = 'Decided by a person: qualified. I know them.';
  expect(whyOf(null, [decided, SCORE, 'No page title: 10 points.'])).toBe(decided);
  expect(whyOf(null, [SCORE, 'No page title: 10 points.'])).toBe('No page title: 10 points.');
  expect(whyOf(null, [SCORE])).toBe(SCORE);
  expect(whyOf(null, [])).toBe('');
});
