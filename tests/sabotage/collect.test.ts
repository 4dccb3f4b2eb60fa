import { join } from 'node:path';
import { expect, test } from 'vitest';
import { collectSabotages, sabotagesOf } from './collect.ts';
import { makeScratch } from './scratch.ts';

const FILE = `
// sabotage: src/a.ts :: whole file =>
describe('a group', () => {
  // sabotage: src/b.ts :: return x => return y
  test('the one below', () => {
    expect(1).toBe(1);
  });

  test.each([
    ['a', 'b'],
    ['c', (x) => x],
  ])('%s: a table (of two)', async (a) => {
    // sabotage: src/c.ts :: if (a) throw b; => b;
    expect(a).toBe(1);
  });
});
`;

test('a comment speaks for the test around or below it, else for the file', () => {
  expect(
    sabotagesOf('x.test.ts', FILE).map(({ testName, find, replace }) => [testName, find, replace]),
  ).toEqual([
    [null, 'whole file', ''],
    ['the one below$', 'return x', 'return y'],
    ['.*: a table \\(of two\\)$', 'if (a) throw b;', 'b;'],
  ]);
});

test('a comment that cannot be read is an error, not silence', () => {
  expect(() => sabotagesOf('x.test.ts', '// sabotage: src/a.ts find this')).toThrow('x.test.ts:1');
});

test('every comment of this repository names a line that stands exactly once and leaves valid code', async () => {
  const root = join(import.meta.dirname, '../..');
  const scratch = makeScratch(root);
  try {
    const all = await collectSabotages(root);
    expect(all.length).toBeGreaterThan(20);
    const faults = all.flatMap((one) => {
      try {
        scratch.breakLine(one)();
        return [];
      } catch (error) {
        return [`${one.testFile}:${one.line} "${one.find}" ${(error as Error).message}`];
      }
    });
    expect(faults).toEqual([]);
  } finally {
    scratch.remove();
  }
});
