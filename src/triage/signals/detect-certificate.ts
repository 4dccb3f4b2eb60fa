import type { FetchFacts } from '../../sites/fetch/facts.ts';
import { cannotTell, notFound, sentence } from './evidence.ts';
import type { Detector, Finding } from './types.ts';

const EXPIRING_DAYS = 30;
const DAY_MS = 86_400_000;

type Verdict = 'missing' | 'expired' | 'invalid' | 'expiring' | 'sound';

/** The one thing that is to be said about the connection: at most one of these signals is ever detected. */
function verdict(fetch: FetchFacts, now: Date): Verdict {
  if (!fetch.final_url.startsWith('https:')) return 'missing';
  const { state, valid_to: validTo } = fetch.certificate;
  if (state === 'expired' || state === 'invalid') return state;
  const leftMs = validTo === null ? Number.POSITIVE_INFINITY : Date.parse(validTo) - now.getTime();
  return leftMs <= EXPIRING_DAYS * DAY_MS ? 'expiring' : 'sound';
}

function facts(fetch: FetchFacts): Finding['value'] {
  const { state, reason, valid_to, issuer } = fetch.certificate;
  return { state, reason, valid_to, issuer };
}

function day(iso: string | null): string {
  return iso === null ? 'an unknown day' : iso.slice(0, 10);
}

/** The final page is served without encryption. */
export const detectSslMissing: Detector = ({ fetch, now }) =>
  verdict(fetch, now) === 'missing'
    ? {
        detected: true,
        value: { final_url: fetch.final_url },
        evidence: [sentence(`The page is served at ${fetch.final_url}, without encryption.`)],
      }
    : notFound();

/** The certificate's chain, name or date is at fault, other than by having expired. */
export const detectSslInvalid: Detector = ({ fetch, now }) =>
  verdict(fetch, now) === 'invalid'
    ? {
        detected: true,
        value: facts(fetch),
        evidence: [sentence(fetch.certificate.reason ?? 'Browsers refuse the certificate.')],
      }
    : notFound();

/** The certificate's last day has passed. */
export const detectSslExpired: Detector = ({ fetch, now }) =>
  verdict(fetch, now) === 'expired'
    ? {
        detected: true,
        value: facts(fetch),
        evidence: [sentence(`The certificate ended on ${day(fetch.certificate.valid_to)}.`)],
      }
    : notFound();

/** The certificate is sound today and ends within 30 days. */
export const detectSslExpiring: Detector = ({ fetch, now }) => {
  const { state, valid_to: validTo } = fetch.certificate;
  if (state === 'valid' && validTo === null)
    return cannotTell('The last day of the certificate is not known.');
  if (verdict(fetch, now) !== 'expiring' || validTo === null) return notFound();
  const days = Math.floor((Date.parse(validTo) - now.getTime()) / DAY_MS);
  const text = `The certificate ends on ${day(validTo)}, in ${days} ${days === 1 ? 'day' : 'days'}.`;
  return { detected: true, value: { valid_to: validTo, days_left: days }, evidence: [sentence(text)] };
};
