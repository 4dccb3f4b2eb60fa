import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createFairRoom } from './fair-room.ts';

const roomOf = (total: number, { mostForOne = total, waitMs = 5_000 } = {}) =>
  createFairRoom(total, { mostForOne, waitMs, tooLate: () => new Error('too late') });

/** Whoever enters is noted; each keeps the room for a moment. */
function visits(room: ReturnType<typeof roomOf>) {
  const order: string[] = [];
  const visit = async (party: string, size = 1): Promise<void> => {
    const leave = await room.enter(party, size);
    order.push(party);
    await sleep(2);
    leave();
  };
  return { order, visit };
}

// sabotage: src/runtime/fair-room.ts :: if (!next || (takenBy.get(party) ?? 0) + next.size > mostForOne) continue; => if (!next) continue;
test('one party has its share at most, so that another finds room at once', async () => {
  const room = roomOf(4, { mostForOne: 2, waitMs: 30 });
  const leave = await room.enter('a');
  await room.enter('a');
  await expect(room.enter('a')).rejects.toThrow('too late');
  await room.enter('b');
  leave();
  await room.enter('a');
});

// sabotage: src/runtime/fair-room.ts :: if (queue && queues.delete(party)) queues.set(party, queue); =>
test('parties take turns, however many of one wait, and each in the order of asking', async () => {
  const { order, visit } = visits(roomOf(1));
  await Promise.all(['a', 'a', 'a', 'a', 'b', 'b', 'c'].map((party) => visit(party)));
  expect(order.join('')).toBe('aabcaba');
});

// sabotage: src/runtime/fair-room.ts :: if (taken + next.size > total) return; => if (taken + next.size > total) continue;
test('what is larger is not passed by what is smaller', async () => {
  const room = roomOf(10);
  const leave = await room.enter('a', 6);
  const { order, visit } = visits(room);
  const all = [visit('large', 8), visit('small', 1)];
  await sleep(10);
  expect(order).toEqual([]);
  leave();
  await Promise.all(all);
  expect(order).toEqual(['large', 'small']);
});

// sabotage: src/runtime/fair-room.ts :: if (!isInside) return; =>
test('who leaves twice gives back once', async () => {
  const room = roomOf(2, { waitMs: 20 });
  const leave = await room.enter('a');
  await room.enter('a');
  leave();
  leave();
  await room.enter('b');
  await expect(room.enter('b')).rejects.toThrow('too late');
});

test('who gives up lets those in whom it kept back', async () => {
  const room = roomOf(10, { waitMs: 20 });
  await room.enter('a', 6);
  const large = room.enter('b', 8);
  const small = room.enter('c', 4);
  await expect(large).rejects.toThrow('too late');
  await small;
});
