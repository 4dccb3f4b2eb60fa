import type { ContactFact, HeadingFact, LinkFact, NoticeFact, PlaceholderFact } from '../facts.ts';
import type { Block, Walk } from './types.ts';

declare const cut: typeof import('./describe.ts').cut;
declare const describeElement: typeof import('./describe.ts').describeElement;
declare const isShown: typeof import('./visible.ts').isShown;

/** Text of a block; a short block without a year borrows the text around it, for notices built of parts. */
export function noticeText(block: Block): string {
  if (/\d{4}|[MDCLXVI]{5,}/.test(block.text)) return block.text;
  let current: Element | null = block.element;
  for (let step = 0; step < 2; step += 1) {
    current = current?.parentElement ?? null;
    if (!(current instanceof HTMLElement) || (current.textContent ?? '').length > 400) break;
    // Only what is rendered counts, which textContent would not tell.
    const text = current.innerText.replace(/\s+/g, ' ').trim();
    if (/\d{4}/.test(text)) return text;
  }
  return block.text;
}

/** Visible copyright notices. */
export function collectNotices(walk: Walk): NoticeFact[] {
  const pattern = new RegExp(walk.filters.notice, 'iu');
  const footer =
    ':is(footer,[role="contentinfo"],[id*="footer" i],[class*="footer" i],[id*="copyright" i],[class*="copyright" i]):not(html,body)';
  const credit =
    'figure,figcaption,blockquote,[class*="attribution" i],[class*="ctrl-attrib"],.gm-style,[class*="caption" i],[class*="photo-credit" i],[class*="image-credit" i]';
  const pageHeight = document.documentElement.scrollHeight;
  return walk.blocks
    .filter((block) => pattern.test(block.text))
    .slice(-walk.limits.items)
    .map((block) => ({
      ...describeElement(block.element, block.rect),
      text: aroundMark(noticeText(block), pattern, walk.limits.itemChars),
      in_footer:
        block.element.closest(footer) !== null || (block.rect !== null && block.rect.y > pageHeight * 0.85),
      in_credit: block.element.closest(credit) !== null,
    }));
}

/** The text around the first mark, when the block is too long to keep. */
export function aroundMark(text: string, pattern: RegExp, chars: number): string {
  const at = Math.max(0, text.search(pattern));
  return text.length <= chars ? text : text.slice(Math.max(0, at - chars / 2), at + chars / 2);
}

/** Visible text with something like a phone number or a mail address in it, and visible links to either. */
export function collectContacts(walk: Walk): ContactFact[] {
  const pattern = new RegExp(walk.filters.contact, 'giu');
  const found: { block: Block; text: string }[] = [];
  let before = '';
  for (const block of walk.blocks) {
    if (found.length > 400) break;
    for (const match of [...block.text.slice(0, 20_000).matchAll(pattern)].slice(0, 12)) {
      const near = block.text.slice(Math.max(0, match.index - 60), match.index + match[0].length + 30);
      found.push({ block, text: match.index < 3 && before !== '' ? `${before} ${near}` : near });
    }
    // The name of a number may stand in the cell before it.
    const names =
      block.text.length <= 25 && !/\d/.test(block.text) && !/^h[1-6]$/.test(block.element.localName);
    before = names ? block.text : '';
  }
  const kept = found.length > 120 ? [...found.slice(0, 60), ...found.slice(-60)] : found;
  const texts = kept.map(({ block, text }): ContactFact => {
    return { kind: 'text', ...describeElement(block.element, block.rect), text: cut(text, 300) };
  });
  return [...collectContactLinks(walk), ...texts];
}

/** Visible `tel:` and `mailto:` links, also those that a protection against robots has scrambled. */
export function collectContactLinks(walk: Walk): ContactFact[] {
  const found: ContactFact[] = [];
  for (const element of walk.elements) {
    if (found.length >= walk.limits.items) break;
    const scrambled = element.getAttribute('data-cfemail');
    const href = element.localName === 'a' ? (element.getAttribute('href') ?? '').trim() : '';
    const link = /^(tel|mailto):([^?]*)/i.exec(href);
    if ((!link && !scrambled) || !isShown(walk, element)) continue;
    const box = element.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) continue;
    const kind = link && link[1]?.toLowerCase() === 'tel' ? 'tel' : 'mailto';
    const text = scrambled ? unscramble(scrambled) : (link?.[2] ?? '');
    found.push({ kind, ...describeElement(element), text: cut(text, 120) });
  }
  return found;
}

/** Reads the address out of the form in which one common protection keeps it. */
export function unscramble(hex: string): string {
  const bytes = (hex.slice(0, 300).match(/[0-9a-f]{2}/gi) ?? []).map((pair) => Number.parseInt(pair, 16));
  const key = bytes[0] ?? 0;
  return String.fromCharCode(...bytes.slice(1).map((byte) => byte ^ key));
}

/** Visible text that may be left from a template. */
export function collectPlaceholders(walk: Walk): PlaceholderFact[] {
  const pattern = new RegExp(walk.filters.placeholder, 'iu');
  // Code is shown as such, a preview shows what the visitor is to write, a form asks for it.
  const notTheSites =
    'code,pre,kbd,samp,textarea,label,legend,option,button,output,[contenteditable]:not([contenteditable="false"]),[class~="preview"],[id="preview"],[id$="-preview"],[class$="-preview"]';
  const inForm = (element: Element): boolean => {
    const form = element.closest('form');
    // Some old programs wrap the whole page in one form.
    return form !== null && (form.textContent ?? '').length < 1500;
  };
  return walk.blocks
    .filter(
      (block) => pattern.test(block.text) && !block.element.closest(notTheSites) && !inForm(block.element),
    )
    .slice(0, walk.limits.items)
    .map((block) => ({
      ...describeElement(block.element, block.rect),
      text: aroundMark(block.text, pattern, walk.limits.itemChars),
    }));
}

/** Main headings, those of role heading and level 1 too. */
export function collectHeadings(walk: Walk): HeadingFact[] {
  const isMain = (element: Element): boolean =>
    element.localName === 'h1'
      ? !/^(?:presentation|none)$/.test(element.getAttribute('role') ?? '')
      : element.getAttribute('role') === 'heading' && element.getAttribute('aria-level') === '1';
  return walk.elements
    .filter(isMain)
    .slice(0, walk.limits.items)
    .map((element) => {
      const labelled = [...element.querySelectorAll('img[alt],[aria-label],svg title')].map(
        (part) => part.getAttribute('alt') ?? part.getAttribute('aria-label') ?? part.textContent ?? '',
      );
      const texts = [element.textContent ?? '', element.getAttribute('aria-label') ?? '', ...labelled];
      const text = texts.map((one) => one.replace(/\s+/g, ' ').trim()).find((one) => one.length > 0) ?? '';
      const rendered = element.checkVisibility({ visibilityProperty: true });
      return { ...describeElement(element), text: cut(text, walk.limits.itemChars), rendered };
    });
}

/** The first distinct addresses of the page's own origin; none that would do something when asked. */
export function collectLinks(walk: Walk): LinkFact[] {
  const found = new Map<string, LinkFact>();
  const acts =
    /\/cdn-cgi\/|log-?out|sign-?out|abmelden|unsubscribe|add[-_]to[-_]cart|[?&](?:action|delete|remove|do)=/i;
  for (const element of walk.elements) {
    if (found.size >= walk.limits.links) break;
    if (element.localName !== 'a' && element.localName !== 'area') continue;
    const href = (element.getAttribute('href') ?? '').trim();
    if (href === '' || href.startsWith('#') || href.length > 2000) continue;
    let url: URL;
    try {
      url = new URL(href, element.baseURI);
    } catch {
      continue;
    }
    url.hash = '';
    if (url.origin !== location.origin || acts.test(url.pathname + url.search) || found.has(url.href))
      continue;
    const text = cut((element.textContent ?? '').slice(0, 400).replace(/\s+/g, ' ').trim(), 120);
    found.set(url.href, { url: url.href, text, ...describeElement(element) });
  }
  return [...found.values()];
}
