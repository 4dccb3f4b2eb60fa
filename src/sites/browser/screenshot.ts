import { setTimeout as delay } from 'node:timers/promises';
import type { CDPSession } from 'playwright-core';
import type { Device } from './devices.ts';

/** How far down every picture goes at least, where the page does; and the tall one, which takes seconds. */
const SHORT = { heightPx: 3_000, bytes: 400_000 } as const;
const TALL = { heightPx: 12_000, bytes: 900_000 } as const;
/** Each with what it leaves of a picture's size at the first of them, about. */
const QUALITIES = [
  [75, 1],
  [55, 0.74],
  [35, 0.57],
  [20, 0.4],
] as const;

export type Screenshot = {
  jpeg: Buffer;
  mime: 'image/jpeg';
  /** CSS pixels of the page that the picture shows, from its top left corner. */
  width: number;
  height: number;
  /** Pixels of the picture for each CSS pixel. */
  scale: number;
};

/** Takes the page from its top to at most 3,000 px below, in less than 400 kB. */
export async function takeScreenshot(session: CDPSession, device: Device): Promise<Screenshot> {
  const height = Math.min(await pageHeight(session, device), SHORT.heightPx);
  for (const [quality] of QUALITIES) {
    const taken = await capture(session, device, height, quality);
    if (taken.jpeg.length <= SHORT.bytes) return taken;
  }
  return await capture(session, device, device.height, 20);
}

/**
 * Takes a page of more than 3,000 px down to 12,000 px, where its foot mostly is, in less than 900 kB. Null when
 * it is no longer than that, or cannot be drawn in time: the page must not be used after that.
 */
export async function takeTallScreenshot(
  session: CDPSession,
  device: Device,
  withinMs: number,
): Promise<Screenshot | null> {
  if (withinMs <= 0) return null;
  // What cannot be drawn at this size, such as many blurred layers, fails here and not in the short picture.
  const taken = captureTall(session, device).catch(() => null);
  return await Promise.race([taken, delay(withinMs, null, { ref: false })]);
}

async function captureTall(session: CDPSession, device: Device): Promise<Screenshot | null> {
  const height = Math.min(await pageHeight(session, device), TALL.heightPx);
  if (height <= SHORT.heightPx) return null;
  const finest = await capture(session, device, height, 75);
  if (finest.jpeg.length <= TALL.bytes) return finest;
  const fitting = QUALITIES.find(([, share]) => finest.jpeg.length * share <= TALL.bytes);
  if (fitting === undefined) return null;
  const coarser = await capture(session, device, height, fitting[0]);
  return coarser.jpeg.length <= TALL.bytes ? coarser : null;
}

async function pageHeight(session: CDPSession, device: Device): Promise<number> {
  const { cssContentSize } = await session.send('Page.getLayoutMetrics');
  return Math.max(device.height, Math.ceil(cssContentSize.height));
}

async function capture(
  session: CDPSession,
  { width, pixelRatio, screenshotScale }: Device,
  height: number,
  quality: number,
): Promise<Screenshot> {
  const { data } = await session.send('Page.captureScreenshot', {
    format: 'jpeg',
    quality,
    clip: { x: 0, y: 0, width, height, scale: screenshotScale / pixelRatio },
    captureBeyondViewport: true,
    optimizeForSpeed: true,
  });
  return { jpeg: Buffer.from(data, 'base64'), mime: 'image/jpeg', width, height, scale: screenshotScale };
}
