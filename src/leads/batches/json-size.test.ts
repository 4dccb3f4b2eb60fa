import { describe, expect, test } from 'vitest';
import { requireModestJson } from './json-size.ts';

const refused = expect.objectContaining({ code: 'validation_failed' });

describe('the size that JSON has when it is parsed', () => {
  test('is no matter for a large file of what people import', () => {
    const cells = { Website: 'https://www.acme.example/', Name: 'Acme', Notes: null, Tags: ['a', 'b'] };
    const rows = Array.from({ length: 100_000 }, (_, n) => ({ id: n, ...cells }));
    expect(() => requireModestJson(JSON.stringify(rows))).not.toThrow();
  });

  test.each([
    // sabotage: src/leads/batches/json-size.ts :: else if (code === COMMA) parts += 1; =>
    ['numbers', `{"records":[${'0,'.repeat(1_000_000)}0]}`, 'values'],
    ['names', `[{${'"a":0,'.repeat(1_000_000)}"a":0}]`, 'values'],
    // sabotage: src/leads/batches/json-size.ts :: const OPENING = new Set([0x5b, 0x7b]); => const OPENING = new Set([0x5b]);
    ['empty rows', `[${'{},'.repeat(500_000)}{}]`, 'values'],
    ['empty lists', `[${'[],'.repeat(500_000)}[]]`, 'values'],
    // sabotage: src/leads/batches/json-size.ts :: if (depth > MAX_DEPTH) throw => if (false) throw
    ['levels', `${'['.repeat(33)}${']'.repeat(33)}`, 'levels'],
    ['levels that never end', '[{"a":'.repeat(17), 'levels'],
  ])('is refused where a small file has very many %s', (_, text, word) => {
    expect(() => requireModestJson(text)).toThrow(refused);
    expect(() => requireModestJson(text)).toThrow(word);
  });

  // sabotage: src/leads/batches/json-size.ts :: else if (CLOSING.has(code)) depth -= 1; =>
  test('counts levels, not brackets', () => {
    expect(() => requireModestJson(`[${'[[]],'.repeat(1_000)}[]]`)).not.toThrow();
  });

  // sabotage: src/leads/batches/json-size.ts :: if (code === BACKSLASH) at += 1; => if (code === 0) at += 1;
  // sabotage: src/leads/batches/json-size.ts :: else if (code === QUOTE) quoted = false; =>
  test('does not depend on what stands in texts', () => {
    const text = `\\"${'[{,'.repeat(400_000)}\\\\`;
    expect(() => requireModestJson(`["${text}", "x"]`)).not.toThrow();
    expect(() => requireModestJson(`["${text}", ${'['.repeat(33)}`)).toThrow(refused);
  });
});
