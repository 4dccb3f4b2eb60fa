import { expect, test } from 'vitest';
import { mapItems } from './map-items.ts';

const node = {
  type: 'node',
  selector: 'body > p',
  snippet: '<p>',
  nodeLabel: 'words',
  boundingRect: { left: 8, top: 80, width: 396, height: 54, right: 404, bottom: 134 },
};

test('an item names its element, its box and its address', () => {
  expect(mapItems({ type: 'table', items: [{ node, url: 'https://shop.test/a.png' }] }).items).toEqual([
    {
      selector: 'body > p',
      snippet: '<p>',
      label: 'words',
      url: 'https://shop.test/a.png',
      text: null,
      rect: { x: 8, y: 80, width: 396, height: 54 },
    },
  ]);
});

test('a console message keeps its text and the place it came from', () => {
  const row = {
    description: 'boom',
    sourceLocation: { type: 'source-location', url: 'https://shop.test/a.js' },
  };
  expect(mapItems({ type: 'table', items: [row] }).items[0]).toMatchObject({
    text: 'boom',
    url: 'https://shop.test/a.js',
  });
});

test('tables inside lists and sections count as one list', () => {
  const table = { type: 'table', items: [{ label: 'a' }, { label: 'b' }] };
  const details = { type: 'list', items: [{ type: 'list-section', value: table }, table, node] };
  const { items, count } = mapItems(details);
  expect(count).toBe(5);
  expect(items.at(-1)?.selector).toBe('body > p');
});

test('at most 20 items are kept, all are counted, and long texts are cut', () => {
  const items = Array.from({ length: 50 }, () => ({ description: 'x'.repeat(10_000) }));
  const mapped = mapItems({ type: 'table', items });
  expect(mapped.count).toBe(50);
  expect(mapped.items).toHaveLength(20);
  expect(mapped.items[0]?.text).toHaveLength(500);
});

test.each([undefined, null, 'text', [], {}, { type: 'filmstrip', items: [{}] }, { type: 'table', items: 5 }])(
  'details without offenders (%j) are no offenders',
  (details) => {
    expect(mapItems(details)).toEqual({ items: [], count: 0 });
  },
);

test('lists nested without end are cut off', () => {
  const loop: { type: string; items: unknown[] } = { type: 'list', items: [] };
  loop.items.push(loop);
  expect(mapItems(loop)).toEqual({ items: [], count: 0 });
});
