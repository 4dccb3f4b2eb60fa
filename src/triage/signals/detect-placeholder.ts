import { cutShort } from './cut-short.ts';
import { EVIDENCE_LIMIT, elementEvidence, notFound } from './evidence.ts';
import { isAboutFiller, isPlaceholder } from './placeholder-text.ts';
import type { Detector, Region } from './types.ts';

/** Visible text was left from a template. */
export const detectPlaceholder: Detector = ({ page }) => {
  const { title, meta_description: description, h1 } = page.desktop;
  const aboutFiller = isAboutFiller(title, description, ...h1.map((heading) => heading.text));
  const found = (['phone', 'desktop'] as const).flatMap((screenshot: Region['screenshot']) =>
    page[screenshot].placeholders
      .filter((one) => isPlaceholder(one.text, aboutFiller))
      .map((one) => elementEvidence(one, screenshot, `The page still shows “${one.text}”.`)),
  );
  const onDesktop = found.filter((one) => one.region?.screenshot === 'desktop');
  const evidence = (onDesktop.length > 0 ? onDesktop : found).slice(0, EVIDENCE_LIMIT);
  if (evidence.length === 0) return cutShort(page) ?? notFound({ places: 0 });
  return { detected: true, value: { places: evidence.length }, evidence };
};
