import { cannotTell, clip, EVIDENCE_LIMIT, notFound } from './evidence.ts';
import type { Detector, Evidence } from './types.ts';

/** A link of the page to its own site answers that nothing is there. */
export const detectBrokenLinks: Detector = ({ links, page }) => {
  if (links === null) return cannotTell('The links of this page were not followed.');
  const broken = links.filter((link) => link.outcome === 'broken');
  const value = {
    checked: links.length,
    broken: broken.map((link) => ({ url: link.url, status: link.status })),
  };
  if (broken.length === 0) {
    const unknown = links.filter((link) => link.outcome === 'unknown').length;
    return unknown * 2 > links.length
      ? cannotTell(`${unknown} of ${links.length} links gave no answer that tells.`)
      : notFound(value);
  }
  const evidence = broken.slice(0, EVIDENCE_LIMIT).map((link): Evidence => {
    const found = page.desktop.link_elements.find((one) => one.url === link.url);
    const name = found?.text ? `“${clip(found.text, 60)}” ` : '';
    const answer =
      link.status === null
        ? 'there is no such host'
        : `the server says the page is not there (${link.status})`;
    const text = `The link ${name}leads to ${link.url}, but ${answer}.`;
    const region = found?.rect ? { screenshot: 'desktop' as const, ...found.rect } : null;
    return { selector: found?.selector ?? null, snippet: found?.snippet ?? null, region, text };
  });
  return { detected: true, value, evidence };
};
