import { type SiteHoldCode, SiteHoldError } from '../../kernel/holds.ts';

const NOTHING_SHOWN = 'The page showed nothing while it was measured.';
const NO_REACTION = 'The page did not react while it was measured.';
const NO_ANSWER = 'The site did not answer when the page was to be measured.';

/** Lighthouse's own codes for a page that showed nothing, did not answer or was lost, and what they mean. */
const HOLDS: Record<string, [SiteHoldCode, string]> = {
  NO_FCP: ['page_timeout', NOTHING_SHOWN],
  PAGE_HUNG: ['page_timeout', NO_REACTION],
  PROTOCOL_TIMEOUT: ['page_timeout', NO_REACTION],
  CRI_TIMEOUT: ['page_timeout', NO_REACTION],
  TARGET_CRASHED: [
    'browser_crashed',
    'The part of the browser that showed the page crashed while it was measured.',
  ],
  DNS_FAILURE: ['unreachable', 'The name of the site had no address when the page was to be measured.'],
  FAILED_DOCUMENT_REQUEST: ['unreachable', NO_ANSWER],
  CHROME_INTERSTITIAL_ERROR: ['unreachable', NO_ANSWER],
  NOT_HTML: ['not_html', 'The site answered with something other than a page when it was to be measured.'],
};

/** The hold for one of Lighthouse's fault codes; null where the page was there and only a score is missing. */
export function holdFor(code: string | undefined): SiteHoldError | null {
  const hold = code === undefined ? undefined : HOLDS[code];
  return hold ? new SiteHoldError(...hold) : null;
}
