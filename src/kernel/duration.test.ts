import { expect, test } from 'vitest';
import { durationInWords } from './duration.ts';

test.each([
  [0, '1 second'],
  [14_200, '14 seconds'],
  [59_900, '1 minute'],
  [134_000, '2 minutes 14 seconds'],
  [3_600_000, '1 hour'],
  [3_605_000, '1 hour'],
  [7_500_000, '2 hours 5 minutes'],
  [259_200_000, '3 days'],
])('%i ms are %s', (ms, words) => {
  expect(durationInWords(ms)).toBe(words);
});
