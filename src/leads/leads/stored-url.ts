import type { parseTarget } from '../../runtime/egress/address.ts';

/** Which addresses a lead may have: the egress guard's rules. */
export type UrlRules = Parameters<typeof parseTarget>[1];

/** A URL given without a scheme keeps none, so that the scan tries https first and http after it. */
export function storedUrl(target: { url: string; schemeGiven: boolean }): string {
  return target.schemeGiven ? target.url : target.url.replace(/^https:\/\//, '');
}
