import { type SiteHoldCode, SiteHoldError } from '../../kernel/holds.ts';

/** Lighthouse's own words for a page that showed nothing, did not answer or was lost. */
const HOLDS: Record<string, SiteHoldCode> = {
  NO_FCP: 'page_timeout',
  PAGE_HUNG: 'page_timeout',
  PROTOCOL_TIMEOUT: 'page_timeout',
  CRI_TIMEOUT: 'page_timeout',
  TARGET_CRASHED: 'browser_crashed',
  DNS_FAILURE: 'unreachable',
  FAILED_DOCUMENT_REQUEST: 'unreachable',
  CHROME_INTERSTITIAL_ERROR: 'unreachable',
  NOT_HTML: 'not_html',
};

/** The hold for one of Lighthouse's fault codes; null where the page was there and only a score is missing. */
export function holdFor(code: string | undefined, message: string): SiteHoldError | null {
  const hold = code === undefined ? undefined : HOLDS[code];
  return hold ? new SiteHoldError(hold, `Lighthouse could not measure the page: ${message}`) : null;
}
