import type { CDPSession } from 'playwright-core';
import { browserProduct } from '../user-agent.ts';

export type DeviceName = 'phone' | 'desktop';

export type Device = {
  width: number;
  height: number;
  /** Device pixels for each CSS pixel: chooses the pictures of a srcset. */
  pixelRatio: number;
  mobile: boolean;
  /** Pixels of our screenshot for each CSS pixel. */
  screenshotScale: number;
};

/** The two visitors that every site is shown to. */
export const DEVICES: Record<DeviceName, Device> = {
  phone: { width: 390, height: 844, pixelRatio: 2, mobile: true, screenshotScale: 1.5 },
  desktop: { width: 1280, height: 720, pixelRatio: 1, mobile: false, screenshotScale: 1 },
};

/** The user agent of one device; `version` is the browser's own. */
export function userAgent(mobile: boolean, version: string, contact?: string): string {
  const major = version.split('.')[0];
  const system = mobile ? 'Linux; Android 15; Pixel 9' : 'X11; Linux x86_64';
  const product = `Chrome/${major}.0.0.0 ${mobile ? 'Mobile ' : ''}Safari/537.36`;
  return `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) ${product} ${browserProduct(contact)}`;
}

/** Makes a page look, to its site, like one device; holds while the session stays attached. */
export async function emulateDevice(
  session: CDPSession,
  device: Device,
  { version, contact }: { version: string; contact?: string | undefined },
): Promise<void> {
  const { width, height, pixelRatio: deviceScaleFactor, mobile } = device;
  const orientation = mobile ? { angle: 0, type: 'portraitPrimary' as const } : null;
  await Promise.all([
    session.send('Emulation.setDeviceMetricsOverride', {
      width,
      height,
      deviceScaleFactor,
      mobile,
      screenWidth: width,
      screenHeight: height,
      ...(orientation ? { screenOrientation: orientation } : {}),
    }),
    session.send(
      'Emulation.setTouchEmulationEnabled',
      mobile ? { enabled: true, maxTouchPoints: 5 } : { enabled: false },
    ),
    session.send('Emulation.setUserAgentOverride', {
      userAgent: userAgent(mobile, version, contact),
      acceptLanguage: 'en-US,en',
      platform: mobile ? 'Linux armv81' : 'Linux x86_64',
      userAgentMetadata: {
        platform: mobile ? 'Android' : 'Linux',
        platformVersion: mobile ? '15' : '',
        architecture: '',
        model: mobile ? 'Pixel 9' : '',
        mobile,
      },
    }),
  ]);
}
