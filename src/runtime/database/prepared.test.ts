import { expect, test } from 'vitest';
import { createStatementNames } from './prepared.ts';

const times = (count: number, fn: (index: number) => unknown) =>
  Array.from({ length: count }, (_, i) => fn(i));

// sabotage: src/runtime/database/prepared.ts :: if (count < OFTEN) => if (count < 0)
test('a statement gets a name of its own the fifth time, and keeps it', () => {
  const nameOf = createStatementNames();
  expect(times(4, () => nameOf('select 1'))).toEqual(times(4, () => undefined));
  expect(times(2, () => nameOf('select 1'))).toEqual(['agos_1', 'agos_1']);
  times(4, () => nameOf('select 2'));
  expect(nameOf('select 2')).toBe('agos_2');
});

// sabotage: src/runtime/database/prepared.ts :: || names.size === MOST_PREPARED || => ||
test('no more than 200 statements have names, and those that have keep them', () => {
  const nameOf = createStatementNames();
  times(300, (index) => times(5, () => nameOf(`select ${index}`)));
  expect(nameOf('select 0')).toBe('agos_1');
  expect(nameOf('select 199')).toBe('agos_200');
  expect(nameOf('select 200')).toBeUndefined();
});

// sabotage: src/runtime/database/prepared.ts :: if (counts.size === MOST_COUNTED) counts = new Map(); =>
test('what is sent seldom among a thousand other texts is forgotten, so that nothing fills the memory', () => {
  const nameOf = createStatementNames();
  times(4, () => nameOf('select x'));
  times(1_000, (index) => nameOf(`select ${index}`));
  expect(nameOf('select x')).toBeUndefined();
});

// sabotage: src/runtime/database/prepared.ts :: || text.length > MOST_CHARACTERS) return name; => ) return name;
test('a statement of many rows gets no name', () => {
  const nameOf = createStatementNames();
  const long = `insert into leads values ${'(?), '.repeat(2_500)}`;
  expect(times(6, () => nameOf(long)).filter(Boolean)).toEqual([]);
});
