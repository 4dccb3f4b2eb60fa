import type { FetchFacts } from '../../sites/fetch/facts.ts';
import { cannotTell, notFound, sentence } from './evidence.ts';
import type { Detector, DetectorInput, Finding } from './types.ts';

const EXPIRING_DAYS = 30;
const DAY_MS = 86_400_000;

type Verdict = 'missing' | 'expired' | 'invalid' | 'expiring' | 'sound' | 'unknown';

/** The one thing that is to be said about the connection: at most one of these signals is ever detected. */
function verdict({ fetch, page, now }: DetectorInput): Verdict {
  if (!page.final_url.startsWith('https:')) return 'missing';
  // The certificate is that of where the fetch ended; a script may have led the browser elsewhere.
  if (originOf(page.final_url) !== originOf(fetch.final_url)) return 'unknown';
  const { state, valid_to: validTo } = fetch.certificate;
  if (state === 'expired' || state === 'invalid') return state;
  const leftMs = validTo === null ? Number.POSITIVE_INFINITY : Date.parse(validTo) - now.getTime();
  return leftMs <= EXPIRING_DAYS * DAY_MS ? 'expiring' : 'sound';
}

function originOf(url: string): string {
  return new URL(url).origin;
}

/** What is said where the verdict is another one. */
function otherwise(found: Verdict): Finding {
  return found === 'unknown'
    ? cannotTell('The page leads on to another address, whose certificate was not looked at.')
    : notFound();
}

function facts(fetch: FetchFacts): Finding['value'] {
  const { state, reason, valid_to, issuer } = fetch.certificate;
  return { state, reason, valid_to, issuer };
}

function day(iso: string | null): string {
  return iso === null ? 'an unknown day' : iso.slice(0, 10);
}

/** The page that a visitor ends on is served without encryption. */
export const detectSslMissing: Detector = (input) => {
  const { final_url } = input.page;
  if (verdict(input) !== 'missing') return notFound();
  const text = `The page is served at ${final_url}, without encryption.`;
  return { detected: true, value: { final_url }, evidence: [sentence(text)] };
};

/** The certificate's chain, name or date is at fault, other than by having expired. */
export const detectSslInvalid: Detector = (input) => {
  const found = verdict(input);
  if (found !== 'invalid') return otherwise(found);
  const text = input.fetch.certificate.reason ?? 'Browsers refuse the certificate.';
  return { detected: true, value: facts(input.fetch), evidence: [sentence(text)] };
};

/** The certificate's last day has passed. */
export const detectSslExpired: Detector = (input) => {
  const found = verdict(input);
  if (found !== 'expired') return otherwise(found);
  const text = `The certificate ended on ${day(input.fetch.certificate.valid_to)}.`;
  return { detected: true, value: facts(input.fetch), evidence: [sentence(text)] };
};

/** The certificate is sound today and ends within 30 days. */
export const detectSslExpiring: Detector = (input) => {
  const found = verdict(input);
  const { state, valid_to: validTo } = input.fetch.certificate;
  if (found === 'sound' && state === 'valid' && validTo === null)
    return cannotTell('The last day of the certificate is not known.');
  if (found !== 'expiring' || validTo === null) return otherwise(found);
  const days = Math.floor((Date.parse(validTo) - input.now.getTime()) / DAY_MS);
  const text = `The certificate ends on ${day(validTo)}, in ${days} ${days === 1 ? 'day' : 'days'}.`;
  return { detected: true, value: { valid_to: validTo, days_left: days }, evidence: [sentence(text)] };
};
