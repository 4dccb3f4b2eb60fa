import { expect, test } from 'vitest';
import { InPageError, type IsolatedWorld } from '../page/isolated-world.ts';
import { untilQuiet } from './quiet.ts';

const MAX_MS = 1_200;

/** How long is waited for a page that shows so many characters after so many milliseconds. */
async function waitedMs(
  shown: (ms: number) => number | Promise<number>,
  quietMs: (ms: number) => number = (ms) => ms + 1_000,
): Promise<number> {
  const startedAt = performance.now();
  const elapsed = (): number => performance.now() - startedAt;
  const world: IsolatedWorld = { evaluate: async <T>() => (await shown(elapsed())) as T };
  await untilQuiet(world, { quietMs: () => quietMs(elapsed()) }, MAX_MS);
  return elapsed();
}

const atMost = MAX_MS + 250;

test('a page that stands still pays hardly more than what shows that it does', async () => {
  const ms = await waitedMs(() => 500);
  expect(ms).toBeGreaterThanOrEqual(300);
  expect(ms).toBeLessThan(700);
});

test.each<[string, (ms: number) => number, (ms: number) => number]>([
  ['whose text still grows', (ms) => (ms < 500 ? Math.ceil(ms) : 500), (ms) => ms + 1_000],
  ['that still asks for something', () => 500, (ms) => Math.max(0, ms - 500)],
  ['that shows nothing yet', (ms) => (ms < 500 ? 0 : 500), (ms) => ms + 1_000],
])('a page %s is waited for', async (_name, shown, quietMs) => {
  expect(await waitedMs(shown, quietMs)).toBeGreaterThanOrEqual(800);
});

test.each<[string, (ms: number) => number | Promise<number>]>([
  ['never stands still', (ms) => Math.ceil(ms * 1_000)],
  ['never answers', () => new Promise<number>(() => undefined)],
  ['hides its text', () => Promise.reject(new InPageError('mine'))],
])('a page that %s is not waited for beyond the limit', async (_name, shown) => {
  const ms = await waitedMs(shown);
  expect(ms).toBeGreaterThanOrEqual(MAX_MS - 1);
  expect(ms).toBeLessThan(atMost);
});
