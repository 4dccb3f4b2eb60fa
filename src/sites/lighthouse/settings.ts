import type { Flags } from 'lighthouse';
import { browserProduct } from '../user-agent.ts';

/** Shorter waits than the command line's: three times as fast, within one point on every site tried. */
export const LIGHTHOUSE_WAITS = {
  pauseAfterFcpMs: 0,
  pauseAfterLoadMs: 0,
  networkQuietThresholdMs: 300,
  cpuQuietThresholdMs: 300,
} as const;

/** How long a page may load before it is judged by what it has shown. */
const MAX_LOAD_MS = 20_000;

/** The phone that Lighthouse emulates; our own name comes after it. */
const EMULATED_BROWSER =
  'Mozilla/5.0 (Linux; Android 11; moto g power (2022)) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/136.0.0.0 Mobile Safari/537.36';

const FLAGS: Flags = {
  ...LIGHTHOUSE_WAITS,
  formFactor: 'mobile',
  throttlingMethod: 'simulate',
  onlyCategories: ['performance', 'accessibility', 'best-practices', 'seo'],
  // It would leave the page for another and come back; its weight is zero.
  skipAudits: ['bf-cache'],
  disableFullPageScreenshot: true,
  maxWaitForLoad: MAX_LOAD_MS,
  maxWaitForFcp: MAX_LOAD_MS,
  output: [],
};

/** Settings of every audit: a phone, simulated throttling, four categories. */
export function lighthouseFlags(contact?: string): Flags {
  return { ...FLAGS, emulatedUserAgent: `${EMULATED_BROWSER} ${browserProduct(contact)}` };
}
