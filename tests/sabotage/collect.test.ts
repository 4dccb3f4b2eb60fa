import { join } from 'node:path';
import { expect, test } from 'vitest';
import { collectSabotages, readingsOf, sabotagesOf } from './collect.ts';
import { brokenText } from './scratch.ts';

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
  expect(sabotagesOf('x.test.ts', FILE).map(({ testName, change }) => [testName, change])).toEqual([
    [null, 'whole file =>'],
    ['the one below$', 'return x => return y'],
    ['.*: a table \\(of two\\)$', 'if (a) throw b; => b;'],
  ]);
});

test('a change is read with every arrow in it, the longest part of a line first', () => {
  expect(readingsOf('map((one) => one.id) => map((one) => one)').map(({ find }) => find)).toEqual([
    'map((one) => one.id) => map((one)',
    'map((one) => one.id)',
    'map((one)',
  ]);
  expect(readingsOf('gone(); =>')).toEqual([{ find: 'gone();', replace: '' }]);
});

test('a comment that cannot be read is an error, not silence', () => {
  expect(() => sabotagesOf('x.test.ts', '// sabotage: src/a.ts find this')).toThrow('x.test.ts:1');
});

test('every comment of this repository names a line that stands exactly once and leaves valid code', {
  timeout: 60_000,
}, async () => {
  const root = join(import.meta.dirname, '../..');
  const all = await collectSabotages(root);
  expect(all.length).toBeGreaterThan(60);
  const faults = all.flatMap((one) => {
    try {
      brokenText(root, one);
      return [];
    } catch (error) {
      return [`${one.testFile}:${one.line} ${one.change} ${(error as Error).message}`];
    }
  });
  expect(faults).toEqual([]);
});
