import type { ElementFact, Rect } from '../facts.ts';

/* These functions run inside the page: each uses only the DOM and functions of this folder, by name. */

/** Cuts a text so that no hostile page can grow what we store. */
export function cut(text: string, chars: number): string {
  return text.length > chars ? `${text.slice(0, chars)}…` : text;
}

/** Box of an element in coordinates of the whole document, frames added up; null when it has none. */
export function rectOf(element: Element, box: DOMRect = element.getBoundingClientRect()): Rect | null {
  if (box.width <= 0 || box.height <= 0) return null;
  let x = box.x;
  let y = box.y;
  let view = element.ownerDocument.defaultView;
  while (view && view !== window && view.frameElement) {
    const frame = view.frameElement.getBoundingClientRect();
    x += frame.x;
    y += frame.y;
    view = view.parent as typeof view;
  }
  const round = (value: number): number => Math.round(value * 10) / 10;
  return {
    x: round(x + window.scrollX),
    y: round(y + window.scrollY),
    width: round(box.width),
    height: round(box.height),
  };
}

/** A selector that finds the element again: an id, or the way down from the nearest one. */
export function selectorOf(element: Element): string {
  const parts: string[] = [];
  let current: Element | null = element;
  while (current && parts.length < 7) {
    const node: Element = current;
    if (node.id && node.id.length < 60 && /^[\w-]+$/.test(node.id)) {
      parts.unshift(`#${CSS.escape(node.id)}`);
      break;
    }
    const tag = node.localName.slice(0, 40);
    const place = placeAmongTwins(node);
    parts.unshift(place === null ? tag : `${tag}:nth-of-type(${place})`);
    current = node.parentElement;
  }
  return parts.join(' > ');
}

/** Which of its parent's children of the same name it is; null when it is the only one, or one of very many. */
export function placeAmongTwins(element: Element): number | null {
  let place = 1;
  let sibling = element.previousElementSibling;
  for (let step = 0; sibling; step += 1) {
    if (step === 300) return null;
    if (sibling.localName === element.localName) place += 1;
    sibling = sibling.previousElementSibling;
  }
  if (place > 1) return place;
  let next = element.nextElementSibling;
  for (let step = 0; next && step < 300; step += 1) {
    if (next.localName === element.localName) return 1;
    next = next.nextElementSibling;
  }
  return null;
}

/** The start of the element's source: its tag, some attributes, its first words. */
export function snippetOf(element: Element): string {
  const attributes = [...element.attributes]
    .slice(0, 8)
    .map((attribute) => ` ${attribute.name}="${cut(attribute.value, 80)}"`)
    .join('');
  const text = cut((element.textContent ?? '').slice(0, 400).replace(/\s+/g, ' ').trim(), 120);
  return cut(`<${element.localName}${attributes}>${text}`, 400);
}

/** Selector, snippet and box of an element. */
export function describeElement(element: Element, rect: Rect | null = rectOf(element)): ElementFact {
  return { selector: selectorOf(element), snippet: snippetOf(element), rect };
}
