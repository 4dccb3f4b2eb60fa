import { type SiteHoldCode, SiteHoldError } from '../../kernel/holds.ts';
import type { FetchFault, FetchFaultCode } from '../../runtime/egress/fetch-fault.ts';

const HOLDS: Record<FetchFaultCode, SiteHoldCode> = {
  unreachable: 'unreachable',
  target_forbidden: 'target_forbidden',
  redirect_forbidden: 'redirect_forbidden',
  too_many_redirects: 'too_many_redirects',
  timeout: 'page_timeout',
  too_large: 'page_too_large',
};

const MAX_URL_CHARACTERS = 120;

/** The hold of a site whose fetch failed; the hops that led there are part of the sentence. */
export function toSiteHold({ code, message, hops }: FetchFault): SiteHoldError {
  const way = hops.flatMap(({ url, location }, index) =>
    index === 0 ? [url, location ?? ''] : [location ?? ''],
  );
  const listed = way.map((url) =>
    url.length > MAX_URL_CHARACTERS ? `${url.slice(0, MAX_URL_CHARACTERS)}...` : url,
  );
  return new SiteHoldError(
    HOLDS[code],
    listed.length === 0 ? message : `${message} The way: ${listed.join(' -> ')}.`,
  );
}
