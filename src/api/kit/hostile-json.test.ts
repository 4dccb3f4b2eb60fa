import { expect, test } from 'vitest';
import { refuseHostileText } from './hostile-json.ts';

/** Many values below long names: what is spent on each of them counts. */
function deepBody(values: number): unknown {
  let body: unknown = Array.from({ length: values }, () => 0);
  for (let depth = 0; depth < 60; depth += 1) body = { [`${'k'.repeat(990)}${depth}`]: body };
  return body;
}

// sabotage: src/api/kit/hostile-json.ts :: else if (typeof value === 'number') requireFinite(value, path); => else if (typeof value === 'number') requireFinite(value, [path.join('.')]);
test('many values below long names are looked through without a text for each', () => {
  const body = deepBody(600_000);
  const begun = performance.now();
  refuseHostileText(body);
  expect(performance.now() - begun).toBeLessThan(3_000);
});

// sabotage: src/api/kit/hostile-json.ts :: if (key.length <= MAX_KEY_LENGTH) return; => if (key.length >= 0) return;
test('the name of a field has an end, and the refusal does not repeat it', () => {
  expect(() => refuseHostileText({ a: { ['k'.repeat(1_000)]: 1 } })).not.toThrow();
  expect(() => refuseHostileText({ a: { ['k'.repeat(1_001)]: 1 } })).toThrow(
    expect.objectContaining({
      code: 'validation_failed',
      message: 'The name of a field may have at most 1000 characters.',
      details: { field: 'a' },
    }),
  );
});

test('a value that is refused is named by its whole path', () => {
  expect(() => refuseHostileText({ a: [{ b: 'x\0' }] })).toThrow(
    expect.objectContaining({ code: 'invalid_text', details: { field: 'a.0.b' } }),
  );
});
