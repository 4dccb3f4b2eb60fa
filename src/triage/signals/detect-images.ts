import type { ImageFact, PageFacts } from '../../sites/page/facts.ts';
import { cannotTell, EVIDENCE_LIMIT, elementEvidence, lighthouseEvidence, notFound } from './evidence.ts';
import { failedBecauseOfUs, sameSite } from './requests.ts';
import type { Detector, Region } from './types.ts';

type Seen = { image: ImageFact; screenshot: Region['screenshot'] };

/** A visible picture did not load, by the answer of its server or because it is no picture. */
export const detectBrokenImages: Detector = ({ page }) => {
  const seen = visibleImages(page);
  const states = seen.map((one) => ({ ...one, state: stateOf(one.image, page) }));
  const broken = states.filter(({ state }) => state === 'broken');
  const unknown = states.filter(({ state }) => state === 'unknown').length;
  if (broken.length === 0) {
    if (unknown === 0) return notFound({ broken: 0, pictures: seen.length });
    return cannotTell(`${unknown} pictures of other sites could not be asked for.`);
  }
  const evidence = broken.map(({ image, screenshot }) =>
    elementEvidence(image, screenshot, `The picture at ${image.url} does not load.`),
  );
  return {
    detected: true,
    value: { broken: broken.length, pictures: seen.length },
    evidence: evidence.slice(0, EVIDENCE_LIMIT),
  };
};

/** Each picture once, from the viewport that tells more: a broken sight before a sound one. */
function visibleImages(page: PageFacts): Seen[] {
  const byAddress = new Map<string, Seen>();
  const all: Seen[] = [
    ...page.desktop.images.map((image) => ({ image, screenshot: 'desktop' as const })),
    ...page.phone.images.map((image) => ({ image, screenshot: 'phone' as const })),
  ];
  for (const one of all) {
    if (!one.image.visible || !/^https?:/.test(one.image.url) || isThePage(one.image.url, page)) continue;
    const known = byAddress.get(one.image.url);
    if (!known || (known.image.natural_width > 0 && one.image.natural_width === 0))
      byAddress.set(one.image.url, one);
  }
  return [...byAddress.values()];
}

/** A picture without an address of its own, which a script fills once it is needed: the browser shows nothing. */
function isThePage(url: string, page: PageFacts): boolean {
  return [page.phone, page.desktop].some((view) => url.split('#')[0] === view.final_url.split('#')[0]);
}

function stateOf(image: ImageFact, page: PageFacts): 'sound' | 'broken' | 'unknown' {
  if (image.natural_width > 0 || image.decodes === true) return 'sound';
  const answer = page.events.responses.find((one) => one.url === image.url);
  if (answer && answer.status >= 400 && !failedBecauseOfUs(answer.status)) return 'broken';
  if (!image.complete && image.decodes === null) return 'sound';
  if (answer && answer.status < 400) return image.decodes === false ? 'broken' : 'sound';
  return sameSite(image.url, page.final_url) ? 'broken' : 'unknown';
}

/** Pictures without the text that says what they show, by Lighthouse's own audit. */
export const detectImagesWithoutAlt: Detector = ({ lighthouse, page }) => {
  const audit = lighthouse?.audits['image-alt'];
  if (!lighthouse || !audit || audit.mode === 'error')
    return cannotTell('The descriptions of pictures could not be checked.');
  if (audit.score === null || audit.score === 1) return notFound({ pictures: 0 });
  const evidence = audit.items.map((item) => {
    const image = page.desktop.images.find((one) => isNamedBy(one, item.snippet ?? ''));
    const text = 'This picture has no description.';
    return image ? elementEvidence(image, 'desktop', text) : lighthouseEvidence(item, text);
  });
  return {
    detected: true,
    value: { pictures: audit.item_count },
    evidence: evidence.slice(0, EVIDENCE_LIMIT),
  };
};

/** Whether this is the picture that a snippet of Lighthouse shows, by the file it names. */
function isNamedBy(image: ImageFact, snippet: string): boolean {
  const file = /\bsrc="([^"…]+)"/.exec(snippet)?.[1];
  return image.alt === null && file !== undefined && image.url.endsWith(file.replace(/^[./]+/, ''));
}
