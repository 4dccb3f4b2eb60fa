import { cutShort } from './cut-short.ts';
import { elementEvidence, notFound, sentence } from './evidence.ts';
import type { Detector, DetectorInput } from './types.ts';

/** What Lighthouse answers about one of its audits: failed, passed, or not asked. */
function audit(input: DetectorInput, id: string): boolean | null {
  const score = input.lighthouse?.audits[id]?.score ?? null;
  return score === null ? null : score < 1;
}

/** The page has no title, or an empty one. */
export const detectTitle: Detector = (input) => {
  const title = input.page.phone.title ?? input.page.desktop.title ?? '';
  const detected = audit(input, 'document-title') ?? title.trim() === '';
  if (!detected) return notFound(title);
  return { detected, value: null, evidence: [sentence('The page has no title of its own.')] };
};

/** The page has no description for search results, or an empty one. */
export const detectMetaDescription: Detector = (input) => {
  const { phone, desktop } = input.page;
  const description = phone.meta_description ?? desktop.meta_description;
  const detected = audit(input, 'meta-description') ?? (description ?? '') === '';
  if (!detected) return notFound(description);
  const text =
    description === null ? 'The page carries no description.' : 'The description of the page is empty.';
  return { detected, value: description, evidence: [sentence(text)] };
};

/** No main heading with words in it is rendered at either viewport. */
export const detectH1: Detector = ({ page }) => {
  const all = [...page.phone.h1, ...page.desktop.h1];
  const heading = all.find((one) => one.rendered && one.text !== '');
  if (heading) return notFound(heading.text);
  const cut = cutShort(page);
  if (cut) return cut;
  const empty = page.desktop.h1.map((one) =>
    elementEvidence(
      one,
      'desktop',
      one.text === '' ? 'This main heading is empty.' : 'This main heading is hidden.',
    ),
  );
  return {
    detected: true,
    value: { headings: all.length },
    evidence: empty.length > 0 ? empty.slice(0, 3) : [sentence('The page has no main heading.')],
  };
};
