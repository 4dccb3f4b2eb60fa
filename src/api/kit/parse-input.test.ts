import { z } from '@hono/zod-openapi';
import { expect, test } from 'vitest';
import { AgosError } from '../../kernel/errors.ts';
import { parseInput } from './parse-input.ts';

const schema = z.strictObject({ name: z.string().optional(), tags: z.array(z.string()).optional() });

function refusal(value: unknown): AgosError {
  try {
    parseInput(schema, value);
  } catch (error) {
    if (error instanceof AgosError) return error;
    throw error;
  }
  throw new Error('the input was taken');
}

const numbers = (count: number) => Array.from({ length: count }, () => 0);

test('one problem is told by its field, several each by its own', () => {
  expect(refusal({ name: 1 }).details).toEqual({ field: 'name' });
  const { details } = refusal({ name: 1, tags: [1], other: 1 });
  expect(details).toMatchObject({ field: 'name', issues: [{ field: 'name' }, { field: 'tags.0' }, {}] });
  expect(details).not.toHaveProperty('more_issues');
});

// sabotage: src/api/kit/parse-input.ts :: const found = issues.slice(0, MOST_ISSUES).flatMap(describe).slice(0, MOST_ISSUES); => const found = issues.flatMap(describe);
test.each([
  ['wrong values', { tags: numbers(20_000) }, 'validation_failed'],
  ['unknown fields', Object.fromEntries(numbers(20_000).map((_, at) => [`f${at}`, 1])), 'unknown_field'],
])('of many %s the first twenty are told, and how many follow', (_name, value, code) => {
  const { details } = refusal(value);
  expect(details.issues).toHaveLength(20);
  expect(new Set(details.issues?.map((issue) => issue.code))).toEqual(new Set([code]));
  expect(details.more_issues).toBe(19_980);
  expect(JSON.stringify(details).length).toBeLessThan(5_000);
});
