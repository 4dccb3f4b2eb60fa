import { expect, test } from 'vitest';
import { parseExposition } from './exposition.ts';

test.each([
  ['# HELP a A.\n# TYPE a counter\na 1', 'no end'],
  ['a 1\n', 'without its metric'],
  ['# HELP a A.\n# TYPE a counter\na 1\na 2\n', 'twice'],
  ['# HELP a A.\n# TYPE a counter\na{x="1"y="2"} 1\n', 'labels'],
  ['# HELP a A.\n# TYPE a counter\nb 1\n', 'without its metric'],
  ['# HELP a A.\n# TYPE a thing\n', 'out of place'],
  ['# HELP a A.\n# TYPE a counter\na one\n', 'not a sample'],
  [
    '# HELP h H.\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 3\nh_count 1\n',
    'add up',
  ],
])('%j is refused', (text, reason) => {
  expect(() => parseExposition(text)).toThrow(reason);
});

test('escaped quotes and lines in a label are read', () => {
  const text = '# HELP a A.\n# TYPE a gauge\na{x="say \\"hi\\"\\n",y="2"} 0.5\n';
  expect(parseExposition(text).get('a')?.samples).toEqual([
    { name: 'a', labels: { x: 'say \\"hi\\"\\n', y: '2' }, value: 0.5 },
  ]);
});
