import type { PageFacts } from '../../sites/page/facts.ts';
import { EVIDENCE_LIMIT, elementEvidence, notFound, sentence } from './evidence.ts';
import type { Detector, Evidence } from './types.ts';

/** A page served with encryption asks for parts without it. */
export const detectMixedContent: Detector = ({ page, lighthouse }) => {
  if (!page.final_url.startsWith('https:')) return notFound();
  const audit = lighthouse?.audits['is-on-https'];
  const told = audit?.score === 0 ? audit.items.map((item) => item.url ?? item.text ?? '') : [];
  // Where a form leads to is not a part of the page.
  const forms = new Set(page.events.mixed_content.filter(isForm).map((one) => one.url));
  const noticed = page.events.mixed_content.map((one) => one.url);
  const urls = [...new Set([...told, ...noticed])].filter(
    (url) => /^(?:http|ws):/i.test(url) && !forms.has(url),
  );
  if (urls.length === 0) return notFound({ requests: 0 });
  const evidence = urls.map((url) => partEvidence(page, url));
  return { detected: true, value: { requests: urls.length }, evidence: evidence.slice(0, EVIDENCE_LIMIT) };
};

/** The element that asks for it, where one does; stylesheets and scripts ask too, and leave the sentence. */
function partEvidence(page: PageFacts, url: string): Evidence {
  const text = `The page asks for ${url} without encryption.`;
  const asking = [page.desktop, page.phone].flatMap(({ viewport, insecure_parts = [], images }) =>
    [...insecure_parts, ...images]
      .filter((element) => element.url === url)
      .map((element) => elementEvidence(element, viewport, text)),
  );
  return asking.find((one) => one.region !== null) ?? asking[0] ?? sentence(text);
}

function isForm({ resource_type: type }: { resource_type: string }): boolean {
  return type === 'form';
}
