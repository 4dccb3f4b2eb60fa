import type { Block, Walk } from './types.ts';

declare const isShown: typeof import('./visible.ts').isShown;
declare const parentAcrossRoots: typeof import('./parent.ts').parentAcrossRoots;
declare const noteTextSize: typeof import('./parts.ts').noteTextSize;
declare const unshadow: typeof import('./unshadow.ts').unshadow;
declare const rectOf: typeof import('./describe.ts').rectOf;

/** Visits elements and visible text in document order, into shadow roots and frames of the same origin. */
export function walkPage(walk: Walk): void {
  const open = new Map<Element, { texts: string[]; boxes: DOMRect[] }>();
  const stack: Node[] = document.documentElement ? [document.documentElement] : [];
  let visited = 0;
  while (stack.length > 0) {
    const node = stack.pop()!;
    visited += 1;
    if (visited > walk.limits.nodes || performance.now() - walk.startedAt > walk.limits.deadlineMs) {
      walk.truncated = true;
      break;
    }
    if (node.nodeType === 3) addText(walk, open, node as Text);
    if (node.nodeType !== 1) continue;
    const element = node as Element;
    if (/^(?:script|style|noscript|template|head)$/.test(element.localName)) continue;
    walk.elements.push(element);
    if (element.localName === 'br') addBreak(walk, open, element);
    for (const child of childrenOf(element).reverse()) stack.push(child);
  }
  walk.blocks = [...open].map(([element, { texts, boxes }]) => blockOf(element, texts, boxes));
}

/** What a visitor sees inside the element: a shadow root and slotted content, or the frame's document. */
export function childrenOf(element: Element): Node[] {
  const own = [...element.childNodes];
  if (element.shadowRoot) {
    unshadow(element.shadowRoot);
    return [...element.shadowRoot.childNodes, ...own];
  }
  if (element.localName !== 'iframe' && element.localName !== 'frame') return own;
  try {
    const inner = (element as HTMLIFrameElement).contentDocument;
    if (inner) unshadow(inner);
    return inner?.documentElement ? [inner.documentElement] : [];
  } catch {
    return [];
  }
}

/** The element whose text reads as one piece: the nearest one that is not inline. */
export function blockAround(element: Element): Element {
  let current = element;
  for (let depth = 0; depth < 30; depth += 1) {
    const display = current.ownerDocument.defaultView?.getComputedStyle(current).display ?? 'block';
    if (display !== 'inline' && display !== 'contents') return current;
    const parent = parentAcrossRoots(current);
    if (!parent) return current;
    current = parent;
  }
  return current;
}

/** Adds one text node to its block when a visitor sees it. */
export function addText(
  walk: Walk,
  open: Map<Element, { texts: string[]; boxes: DOMRect[] }>,
  node: Text,
): void {
  const parent = node.parentElement;
  const folded = parent?.localName === 'details' && !parent.hasAttribute('open');
  if (!parent || folded || !/\S/.test(node.data) || !isShown(walk, parent)) {
    if (parent && node.data.length > 0) open.get(parent)?.texts.push(' ');
    return;
  }
  const range = node.ownerDocument.createRange();
  range.selectNodeContents(node);
  const box = range.getBoundingClientRect();
  if (box.width < 1 || box.height < 1 || box.right + window.scrollX <= 0 || box.bottom + window.scrollY <= 0)
    return;
  const style = node.ownerDocument.defaultView?.getComputedStyle(parent);
  if (style?.visibility !== 'visible') return;
  noteTextSize(walk, parent, style.fontSize, node.data);
  const block = blockAround(parent);
  const entry = open.get(block) ?? { texts: [], boxes: [] };
  open.set(block, entry);
  entry.texts.push(node.data.slice(0, 20_000).replace(/\s+/g, ' '));
  entry.boxes.push(box);
}

/** A line break inside a block parts words. */
export function addBreak(
  walk: Walk,
  open: Map<Element, { texts: string[]; boxes: DOMRect[] }>,
  element: Element,
): void {
  const parent = element.parentElement;
  if (parent && isShown(walk, parent)) open.get(blockAround(parent))?.texts.push('\n');
}

/** One finished block with the box around its text. */
export function blockOf(element: Element, texts: string[], boxes: DOMRect[]): Block {
  const text = texts
    .join('')
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .trim();
  const left = Math.min(...boxes.slice(0, 500).map((box) => box.left));
  const top = Math.min(...boxes.slice(0, 500).map((box) => box.top));
  const right = Math.max(...boxes.slice(0, 500).map((box) => box.right));
  const bottom = Math.max(...boxes.slice(0, 500).map((box) => box.bottom));
  return { element, text, rect: rectOf(element, new DOMRect(left, top, right - left, bottom - top)) };
}
