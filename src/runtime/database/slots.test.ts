import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createSlots } from './slots.ts';

const slotsOf = (count: number, waitMs: number, mostForOne = count) =>
  createSlots(count, { mostForOne, waitMs, tooLate: () => new Error('too late') });

test('no more than so many run at once, and who waits comes in the order of asking', async () => {
  const slots = slotsOf(2, 5_000);
  const order: number[] = [];
  let running = 0;
  let most = 0;
  const work = (at: number) =>
    slots.run('a', async () => {
      running += 1;
      most = Math.max(most, running);
      order.push(at);
      await sleep(5);
      running -= 1;
    });
  await Promise.all([0, 1, 2, 3, 4, 5].map(work));
  expect(most).toBe(2);
  expect(order).toEqual([0, 1, 2, 3, 4, 5]);
});

test('who finds no place in time is told so, and takes none away', async () => {
  const slots = slotsOf(1, 20);
  const held = Promise.withResolvers<void>();
  const first = slots.run('a', () => held.promise);
  await expect(slots.run('a', async () => 'never')).rejects.toThrow('too late');
  held.resolve();
  await first;
  await expect(slots.run('a', async () => 'now')).resolves.toBe('now');
});

test('a place is free again after work that failed', async () => {
  const slots = slotsOf(1, 20);
  await expect(slots.run('a', () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
  await expect(slots.run('a', async () => 'now')).resolves.toBe('now');
});

test('work of one party that does not end leaves the other half of the places to others', async () => {
  const slots = slotsOf(4, 20, 2);
  const held = Promise.withResolvers<void>();
  const slow = [1, 2, 3, 4].map(() => slots.run('a', () => held.promise));
  const late = Promise.allSettled(slow.slice(2));
  await expect(slots.run('b', async () => 'now')).resolves.toBe('now');
  expect(await late).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
  held.resolve();
  await Promise.all(slow.slice(0, 2));
});
