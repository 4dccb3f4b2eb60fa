import { expect, test } from 'vitest';
import { together } from './together.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('one call is under way; whoever comes meanwhile is carried by the next one, each with its own result', async () => {
  const calls: (readonly number[])[] = [];
  let under = 0;
  const double = together(async (items: readonly number[]) => {
    calls.push(items);
    under += 1;
    expect(under).toBe(1);
    await turn();
    under -= 1;
    return items.map((item) => item * 2);
  });
  const first = double(1);
  const others = [2, 3, 4].map(double);
  expect(await Promise.all([first, ...others])).toEqual([2, 4, 6, 8]);
  expect(calls).toEqual([[1], [2, 3, 4]]);
  expect(await double(5)).toBe(10);
});

test('nobody gets a result of a call that began before they asked', async () => {
  let value = 'old';
  const read = together(async (items: readonly string[]) => {
    const now = value;
    await turn();
    return items.map(() => now);
  });
  const early = read('a');
  value = 'new';
  expect(await read('b')).toBe('new');
  expect(await early).toBe('old');
});

test('a call that fails fails for those it carried and for nobody after them', async () => {
  let fails = true;
  const ask = together(async (items: readonly number[]) => {
    await turn();
    if (fails) throw new Error('away');
    return items;
  });
  const refused = await Promise.allSettled([ask(1), ask(2), ask(3)]);
  expect(refused.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  fails = false;
  expect(await ask(4)).toBe(4);
});

test('hundreds at once are carried by several calls', async () => {
  const sizes: number[] = [];
  const ask = together(async (items: readonly number[]) => {
    sizes.push(items.length);
    await turn();
    return items;
  });
  await Promise.all(Array.from({ length: 501 }, (_, index) => ask(index)));
  expect(sizes).toEqual([1, 200, 200, 100]);
});
