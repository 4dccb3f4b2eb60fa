import { expect, test } from 'vitest';
import { refuseHostileText } from './hostile-json.ts';

/** Many values below long names: what is spent on each of them counts. */
function deepBody(): unknown {
  const row = Array.from({ length: 1_000 }, () => 0);
  let body: unknown = Array.from({ length: 600 }, () => row);
  for (let depth = 0; depth < 60; depth += 1) body = { [`${'k'.repeat(990)}${depth}`]: body };
  return body;
}

// sabotage: src/api/kit/hostile-json.ts :: else if (typeof value === 'number') requireFinite(value, path); => else if (typeof value === 'number') requireFinite(value, [path.join('.')]);
test('many values below long names are looked through without a text for each', () => {
  const body = deepBody();
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

// sabotage: src/api/kit/hostile-json.ts :: if (size <= MAX_ENTRIES) return; => if (size >= 0) return;
test.each([
  ['a list', (size: number) => Array.from({ length: size }, () => 0)],
  ['an object', (size: number) => Object.fromEntries(Array.from({ length: size }, (_, at) => [`f${at}`, 1]))],
])('%s that is too long for any schema is refused before one looks at each entry', (_name, make) => {
  expect(() => refuseHostileText({ a: make(1_000) })).not.toThrow();
  expect(() => refuseHostileText({ a: make(1_001) })).toThrow(
    expect.objectContaining({
      code: 'validation_failed',
      message: 'A list or an object may have at most 1000 entries.',
      details: { field: 'a' },
    }),
  );
});
