import { expect, test } from 'vitest';
import { createStatementNames } from './prepared.ts';

const NAME = expect.stringMatching(/^agos_[\w-]{24}$/);
const times = (count: number, fn: (index: number) => unknown) =>
  Array.from({ length: count }, (_, i) => fn(i));
const names = () => createStatementNames(() => 0);

// sabotage: src/runtime/database/prepared.ts :: if (count < OFTEN) => if (count < 0)
test('a statement gets a name of its own the fifth time, and keeps it', () => {
  const nameOf = names();
  expect(times(4, () => nameOf('select 1'))).toEqual(times(4, () => undefined));
  const [first, again] = times(2, () => nameOf('select 1'));
  expect(first).toEqual(NAME);
  expect(again).toBe(first);
  times(4, () => nameOf('select 2'));
  expect(nameOf('select 2')).toEqual(NAME);
  expect(nameOf('select 2')).not.toBe(first);
});

test('in every process it is the same name, whatever else was sent before', () => {
  const [one, other] = [names(), names()];
  times(5, () => other('select 2'));
  times(5, () => one('select 1'));
  times(5, () => other('select 1'));
  expect(other('select 1')).toBe(one('select 1'));
});

// sabotage: src/runtime/database/prepared.ts :: || names.size === MOST_PREPARED || => ||
test('no more than 200 statements have names, and those that have keep them', () => {
  const nameOf = names();
  times(300, (index) => times(5, () => nameOf(`select ${index}`)));
  expect([nameOf('select 0'), nameOf('select 199')]).toEqual([NAME, NAME]);
  expect(nameOf('select 200')).toBeUndefined();
});

// sabotage: src/runtime/database/prepared.ts :: if (nowMs() - sinceMs > COUNTED_FOR_MS) => if (nowMs() < sinceMs)
test('after an hour the places are given anew', () => {
  let nowMs = 0;
  const nameOf = createStatementNames(() => nowMs);
  times(200, (index) => times(5, () => nameOf(`select ${index}`)));
  nowMs = 3_600_001;
  expect(times(5, () => nameOf('select 200')).at(-1)).toEqual(NAME);
});

// sabotage: src/runtime/database/prepared.ts :: if (counts.size === MOST_COUNTED) counts = new Map(); =>
test('what is sent seldom among a thousand other texts is forgotten, so that nothing fills the memory', () => {
  const nameOf = names();
  times(4, () => nameOf('select x'));
  times(1_000, (index) => nameOf(`select ${index}`));
  expect(nameOf('select x')).toBeUndefined();
});

// sabotage: src/runtime/database/prepared.ts :: || text.length > MOST_CHARACTERS) return name; => ) return name;
test('a statement of many rows gets no name', () => {
  const nameOf = names();
  const long = `insert into leads values ${'(?), '.repeat(2_500)}`;
  expect(times(6, () => nameOf(long)).filter(Boolean)).toEqual([]);
});
