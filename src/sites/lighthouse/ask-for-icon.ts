import type { Page } from 'puppeteer-core';

/** As a browser with tabs does it: the icon that the page names, else the one at the usual place. */
const ASK = `if (window === window.top && /^http/.test(location.protocol)) {
  addEventListener('load', () => {
    const named = document.querySelector('link[rel~="icon" i][href]');
    new Image().src = named ? named.href : '/favicon.ico';
  }, { once: true });
}`;

/**
 * Lets a page ask for its icon, which the command line's Chromium does by itself: an icon that is missing is an
 * error in the console, by which Lighthouse lowers the score for best practices. A headless shell never asks, and a
 * whole Chromium asks for a missing one only once. The script is out of the page's reach.
 */
export async function askForIcon(page: Page): Promise<void> {
  const session = await page.createCDPSession();
  await session.send('Page.enable');
  await session.send('Page.addScriptToEvaluateOnNewDocument', { source: ASK, worldName: 'icon' });
}
