import { DrizzleQueryError } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { quotedOf } from './error-message.ts';

// sabotage: src/runtime/error-message.ts :: .replace(/\nparams: [\s\S]*$/, '') =>
test("the parameters of a failed query are not quoted, which are people's data", () => {
  const error = new DrizzleQueryError(
    'select 1 where $1 = $2',
    ['ada@acme.example', 'a\nnote'],
    new Error('no'),
  );
  expect(error.message).toContain('ada@acme.example');
  expect(quotedOf(error)).toBe('Failed query: select 1 where $1 = $2');
  expect(quotedOf('gone')).toBe('gone');
});
