import type { ElementFact, ViewportFacts } from '../facts.ts';
import type { Walk } from './types.ts';

declare const cut: typeof import('./describe.ts').cut;
declare const describeElement: typeof import('./describe.ts').describeElement;

/** What a later check may name: controls, frames, and elements with words of their own, the first ones in order. */
export function collectParts(walk: Walk): ElementFact[] {
  const control = /^(?:a|button|input|select|textarea|iframe)$/;
  const hasWords = (element: Element): boolean =>
    [...element.childNodes]
      .slice(0, 20)
      .some((node) => node.nodeType === 3 && /\S/.test((node as Text).data));
  const found: ElementFact[] = [];
  for (const element of walk.elements) {
    if (found.length >= walk.limits.parts) break;
    // A form answers with its fields where it is asked for its attributes.
    if (element instanceof HTMLFormElement || !(control.test(element.localName) || hasWords(element)))
      continue;
    const part = describeElement(element);
    if (part.rect !== null) found.push({ ...part, snippet: cut(part.snippet, 250) });
  }
  return found;
}

/** Elements of a page served with encryption that ask for their content without it. */
export function collectInsecureParts(walk: Walk): NonNullable<ViewportFacts['insecure_parts']> {
  if (location.protocol !== 'https:') return [];
  const asking = '[src^="http:" i],link[href^="http:" i],object[data^="http:" i],video[poster^="http:" i]';
  return [...document.querySelectorAll(asking)].slice(0, walk.limits.items).flatMap((element) => {
    const written = ['src', 'href', 'data', 'poster'].map((name) => element.getAttribute(name) ?? '');
    const url = written.find((one) => /^http:/i.test(one)) ?? '';
    return URL.canParse(url) ? [{ ...describeElement(element), url: cut(new URL(url).href, 1000) }] : [];
  });
}

/** Counts visible words by whether a phone shows them smaller than 12 points. */
export function noteTextSize(walk: Walk, element: Element, fontSize: string, text: string): void {
  const characters = text.trim().length;
  walk.textSize.of += characters;
  if (Number.parseFloat(fontSize) * walk.textSize.scale >= 12) return;
  walk.textSize.small += characters;
  // One that holds nothing else shows where; around others the box is half the page.
  const shows = element.childElementCount === 0 && walk.textSize.elements.length < 3;
  if (shows) walk.textSize.elements.push(element);
}

/** How much of the text is small, and where it begins. */
export function smallText(walk: Walk): NonNullable<ViewportFacts['small_text']> {
  const { small: characters, of, elements } = walk.textSize;
  return { characters, of, elements: elements.map((element) => describeElement(element)) };
}
