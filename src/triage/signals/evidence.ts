import type { LighthouseItem } from '../../sites/lighthouse/facts.ts';
import type { ElementFact } from '../../sites/page/facts.ts';
import type { Evidence, Finding, Region } from './types.ts';

/** How many pieces of evidence a signal keeps. */
export const EVIDENCE_LIMIT = 10;

const TEXT_CHARS = 400;

/** Evidence that is a sentence alone. */
export function sentence(text: string): Evidence {
  return { selector: null, snippet: null, region: null, text: clip(text) };
}

/** Evidence that is an element of the page as one viewport shows it. */
export function elementEvidence(
  element: ElementFact,
  screenshot: Region['screenshot'],
  text: string,
): Evidence {
  const region = element.rect === null ? null : { screenshot, ...element.rect };
  return { selector: element.selector, snippet: element.snippet, region, text: clip(text) };
}

/** Evidence that Lighthouse named; its page has another width than our screenshots, so it has no region. */
export function lighthouseEvidence(item: LighthouseItem, text: string): Evidence {
  return { selector: item.selector, snippet: item.snippet, region: null, text: clip(text) };
}

/** A finding that says nothing was wrong. */
export function notFound(value: Finding['value'] = null): Finding {
  return { detected: false, value, evidence: [] };
}

/** A finding that says why it could not be told. */
export function cannotTell(reason: string): Finding {
  return { detected: null, value: null, evidence: [sentence(reason)] };
}

/** Cuts text of strangers to what a report can show. */
export function clip(text: string, chars: number = TEXT_CHARS): string {
  const plain = text.replace(/\s+/g, ' ').trim();
  return plain.length > chars ? `${plain.slice(0, chars)}…` : plain;
}
