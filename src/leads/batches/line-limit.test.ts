import { expect, test } from 'vitest';
import { MAX_LINES, requireLines } from './line-limit.ts';

// sabotage: src/leads/batches/line-limit.ts :: if (count <= MAX_LINES) return; => if (count < MAX_LINES) return;
test('an import may have a hundred thousand lines and not one more', () => {
  expect(() => requireLines(MAX_LINES)).not.toThrow();
  expect(() => requireLines(MAX_LINES + 1)).toThrow(
    expect.objectContaining({
      code: 'too_many_lines',
      message: 'The file has more than 100,000 lines, so that none was imported. Split it into several.',
    }),
  );
});
