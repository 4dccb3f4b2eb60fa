import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createKeyedLock } from './keyed-lock.ts';

test('one key runs in order, one at a time, also after a failure; keys do not wait for each other', async () => {
  const lock = createKeyedLock();
  const events: string[] = [];
  const task = (name: string, ms: number) => async () => {
    events.push(`${name} begins`);
    await sleep(ms);
    events.push(`${name} ends`);
    if (name === 'first') throw new Error('first failed');
    return name;
  };
  const first = lock.run('a', task('first', 30));
  const second = lock.run('a', task('second', 1));
  const other = lock.run('b', task('other', 1));
  await expect(first).rejects.toThrow('first failed');
  expect(await Promise.all([second, other])).toEqual(['second', 'other']);
  expect(events.filter((event) => !event.startsWith('other'))).toEqual([
    'first begins',
    'first ends',
    'second begins',
    'second ends',
  ]);
  expect(events.indexOf('other ends')).toBeLessThan(events.indexOf('first ends'));
});

test('who gives up while waiting leaves at once, and the line keeps its order', async () => {
  const lock = createKeyedLock();
  const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
  const holder = lock.run('a', () => held);
  const controller = new AbortController();
  const quitter = lock.run('a', async () => 'never', controller.signal);
  let hasRun = false;
  const third = lock.run('a', async () => {
    hasRun = true;
  });
  controller.abort(new Error('gave up'));
  await expect(quitter).rejects.toThrow('gave up');
  await sleep(5);
  expect(hasRun).toBe(false);
  letGo();
  await Promise.all([holder, third]);
  expect(hasRun).toBe(true);
});
