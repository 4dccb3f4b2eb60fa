import { expect, test } from 'vitest';
import { type ApiClient, readAll } from './client.ts';

/** An API with one list of numbers, paged as the real one is: 100 rows at most. */
function listOf(length: number): ApiClient & { asked: string[] } {
  const asked: string[] = [];
  const get = async (path: string) => {
    asked.push(path);
    const query = new URL(path, 'http://api').searchParams;
    const from = Number(query.get('cursor') ?? 0);
    const to = Math.min(from + Math.min(Number(query.get('limit')), 100), length);
    const data = Array.from({ length: to - from }, (_, index) => from + index);
    return { data, next_cursor: to < length ? String(to) : null };
  };
  return { asked, get } as never;
}

test('a list is read page after page to its end, with the filters of the first page', async () => {
  const client = listOf(250);
  // sabotage: src/cli/client.ts :: address.searchParams.set('cursor', page.next_cursor ?? ''); => return { rows, more };
  expect(await readAll(client, '/v1/leads?held=true')).toEqual({
    rows: Array.from({ length: 250 }, (_, index) => index),
    more: false,
  });
  expect(client.asked).toHaveLength(3);
  for (const path of client.asked) expect(path).toContain('held=true');
});

test('with a limit exactly so many rows come, and whether there are more', async () => {
  expect(await readAll(listOf(250), '/v1/leads', 120)).toMatchObject({ rows: { length: 120 }, more: true });
  expect(await readAll(listOf(120), '/v1/leads', 120)).toMatchObject({ rows: { length: 120 }, more: false });
});
