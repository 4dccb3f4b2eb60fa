import type { CDPSession } from 'playwright-core';
import { expect, test } from 'vitest';
import { DEVICES } from './devices.ts';
import { takeTallScreenshot } from './screenshot.ts';

type Clip = { clip: { height: number }; quality: number };

/** A browser that draws a page of this height, each picture as large as `bytes` says; null never answers. */
function browser(height: number, bytes: (asked: Clip) => number | null | Error) {
  const asked: Clip[] = [];
  const send = async (method: string, options: Clip): Promise<unknown> => {
    if (method === 'Page.getLayoutMetrics') return { cssContentSize: { height } };
    asked.push(options);
    const answer = bytes(options);
    if (answer instanceof Error) throw answer;
    return answer === null ? new Promise(() => undefined) : { data: Buffer.alloc(answer).toString('base64') };
  };
  return { session: { send } as unknown as CDPSession, asked };
}

const tall = ({ session }: { session: CDPSession }, withinMs = 5_000) =>
  takeTallScreenshot(session, DEVICES.desktop, withinMs);

test('a long page is pictured to its end, a longer one to 12,000 px', async () => {
  expect(await tall(browser(8_000, () => 500_000))).toMatchObject({ width: 1280, height: 8_000 });
  expect(await tall(browser(90_000, () => 500_000))).toMatchObject({ height: 12_000 });
});

test('a page that the short picture shows whole is not drawn again', async () => {
  const short = browser(3_000, () => 500_000);
  expect(await tall(short)).toBe(null);
  expect(short.asked).toEqual([]);
});

test('a picture that is too large is drawn once more, at the quality that fits', async () => {
  const photos = browser(9_000, ({ quality }) => (quality === 75 ? 1_500_000 : 850_000));
  expect((await tall(photos))?.jpeg).toHaveLength(850_000);
  expect(photos.asked.map(({ quality }) => quality)).toEqual([75, 35]);
});

test('one that fits at no quality, cannot be drawn, or takes too long is given up', async () => {
  expect(await tall(browser(9_000, () => 9_000_000))).toBe(null);
  expect(await tall(browser(9_000, () => 1_000_000))).toBe(null);
  expect(await tall(browser(9_000, () => new Error('Unable to capture screenshot')))).toBe(null);
  expect(
    await tall(
      browser(9_000, () => null),
      20,
    ),
  ).toBe(null);
  expect(
    await tall(
      browser(9_000, () => 500_000),
      0,
    ),
  ).toBe(null);
});
