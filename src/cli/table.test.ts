import { stripVTControlCharacters } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { ApiError } from './client.ts';
import { paragraph, resultTable, table, whyOf } from './table.ts';
import { refusedLine, type TriageLine } from './triage-line.ts';

const SCORE = 'The score of 53 out of 100 stays below the threshold of 55.';

test('what a person decided is why, before whatever was found', () => {
  const decided = 'Decided by a person: qualified. I know them.';
  expect(whyOf(null, [decided, SCORE, 'No page title: 10 points.'])).toBe(decided);
  expect(whyOf(null, [SCORE, 'No page title: 10 points.'])).toBe('No page title: 10 points.');
  expect(whyOf(null, [SCORE])).toBe(SCORE);
  expect(whyOf(null, [])).toBe('');
});

const columns = process.stdout.columns;
afterEach(() => {
  process.stdout.columns = columns;
});

const refused = (url: string, message: string): TriageLine =>
  refusedLine(url, new ApiError(400, { error: 'url_target_forbidden', message }));

test('a table of results fits 80 columns, and breaks no site name and no word of a sentence', () => {
  process.stdout.columns = 80;
  const why = 'The page was not done after 15 seconds, and the domain is no public internet address.';
  const drawn = stripVTControlCharacters(
    resultTable([refused('granite-state-roofing.example', why), refused('a.example', why)]),
  );
  for (const line of drawn.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  for (const word of ['granite-state-roofing.example', ...why.split(' ')]) expect(drawn).toContain(word);
});

test('an address longer than any column is broken, and what it stands beside stays readable', () => {
  process.stdout.columns = 80;
  const drawn = stripVTControlCharacters(
    resultTable([refused(`https://${'long-name.'.repeat(6)}example`, 'This is no public internet address.')]),
  );
  for (const line of drawn.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  expect(drawn).toContain('This is no public');
});

test('a list of rows of one line has one rule, below its head; rows of several lines are ruled off', () => {
  const rulesIn = (drawn: string): number => drawn.split('\n').filter((line) => line.includes('├')).length;
  process.stdout.columns = 80;
  expect(rulesIn(table(['site', 'state'], Array(20).fill(['a.example', 'new'])))).toBe(1);
  expect(rulesIn(table(['site', 'why'], Array(20).fill(['a.example', 'word '.repeat(30)])))).toBe(20);
  expect(
    rulesIn(
      table(
        ['line', 'what is wrong'],
        [
          ['1', 'first\nsecond'],
          ['2', 'one'],
        ],
      ),
    ),
  ).toBe(2);
});

test('the reason of a hold stands in a table without the hops that led there', () => {
  const message =
    'The address redirects more than 5 times. The way: https://a.example/ -> https://b.example/.';
  expect(whyOf({ message }, [])).toBe('The address redirects more than 5 times.');
});

test('a paragraph fits the terminal', () => {
  process.stdout.columns = 20;
  for (const line of paragraph('words '.repeat(20)).split('\n')) expect(line.length).toBeLessThanOrEqual(20);
});
