import type { CDPSession } from 'playwright-core';
import type { Device } from './devices.ts';

/** Regions of evidence further down than this are not on the picture. */
const MAX_HEIGHT_PX = 3_000;
const MAX_BYTES = 400_000;
const QUALITIES = [75, 55, 35, 20] as const;

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
  const { cssContentSize } = await session.send('Page.getLayoutMetrics');
  const full = Math.max(device.height, Math.min(Math.ceil(cssContentSize.height), MAX_HEIGHT_PX));
  for (const quality of QUALITIES) {
    const taken = await capture(session, device, full, quality);
    if (taken.jpeg.length <= MAX_BYTES) return taken;
  }
  return await capture(session, device, device.height, 20);
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
