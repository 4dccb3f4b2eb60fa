import type { ImageFact, ViewportFacts } from '../facts.ts';
import type { Walk } from './types.ts';

declare const cut: typeof import('./describe.ts').cut;
declare const describeElement: typeof import('./describe.ts').describeElement;
declare const isShown: typeof import('./visible.ts').isShown;
declare const parentAcrossRoots: typeof import('./parent.ts').parentAcrossRoots;

/** Whether the page itself keeps what is too wide out of reach, as `overflow-x: hidden` on the root does. */
export function rootClips(): boolean {
  const hides = (element: Element | null): boolean =>
    element !== null && /^(?:hidden|clip)$/.test(getComputedStyle(element).overflowX);
  const root = document.documentElement;
  return hides(root) || (getComputedStyle(root).overflowX === 'visible' && hides(document.body));
}

/** How wide the page is laid out, and how wide a visitor can scroll it or would have to. */
export function measurePage(
  walk: Walk,
  windowWidth: number,
): Pick<ViewportFacts, 'layout_width' | 'page_width'> {
  const root = document.documentElement;
  const layout = root.clientWidth;
  const scroll = Math.max(
    root.scrollWidth,
    document.compatMode === 'BackCompat' ? (document.body?.scrollWidth ?? 0) : 0,
  );
  return {
    layout_width: layout,
    page_width: Math.max(layout, rootClips() ? cutContentRight(walk, windowWidth) : scroll),
  };
}

/** How far pictures, tables and fields reach that the window's edge cuts through, where the page hides the rest. */
export function cutContentRight(walk: Walk, windowWidth: number): number {
  let right = 0;
  for (const element of walk.elements) {
    if (!/^(?:img|video|iframe|table|input|select|textarea|button)$/.test(element.localName)) continue;
    const box = element.getBoundingClientRect();
    const isCut = box.left < windowWidth && box.right > windowWidth + 1 && box.width > 0;
    if (isCut && isShown(walk, element) && isInFlow(element)) right = Math.max(right, Math.round(box.right));
  }
  return right;
}

/** Not a menu beside the page, a part that slides in, or one that its own box cuts: those are hidden on purpose. */
export function isInFlow(element: Element): boolean {
  let current: Element | null = element;
  for (let depth = 0; current && depth < 40; depth += 1) {
    if (current === document.body || current === document.documentElement) return true;
    const style = getComputedStyle(current);
    if (/^(?:fixed|absolute)$/.test(style.position) || style.transform !== 'none') return false;
    if (current !== element && style.overflowX !== 'visible') return false;
    current = parentAcrossRoots(current);
  }
  return true;
}

/** The outermost elements that reach beyond the window and are not cut by a scrolling or hiding parent. */
export function collectWideElements(walk: Walk, windowWidth: number): ViewportFacts['wide_elements'] {
  const wide = new Map<Element, boolean>();
  const reaches = (element: Element): boolean => {
    const known = wide.get(element);
    if (known !== undefined) return known;
    const result = element.getBoundingClientRect().right + window.scrollX > windowWidth + 1;
    wide.set(element, result);
    return result;
  };
  const clipped = (element: Element): boolean => {
    let current = parentAcrossRoots(element);
    for (let depth = 0; current && depth < 40; depth += 1) {
      if (current === document.body || current === document.documentElement) return false;
      if (getComputedStyle(current).overflowX !== 'visible') return true;
      current = parentAcrossRoots(current);
    }
    return false;
  };
  const found: ViewportFacts['wide_elements'] = [];
  for (const element of walk.elements) {
    if (found.length >= 10) break;
    if (
      element.ownerDocument !== document ||
      element === document.documentElement ||
      element === document.body
    )
      continue;
    const parent = parentAcrossRoots(element);
    const outermost =
      parent === null || parent === document.body || parent === document.documentElement || !reaches(parent);
    if (!reaches(element) || !outermost || !isShown(walk, element) || clipped(element)) continue;
    const right = Math.round(element.getBoundingClientRect().right + window.scrollX);
    found.push({ ...describeElement(element), right });
  }
  return found;
}

/** A picture made to count visitors, not to be seen. */
export function isTracker(image: HTMLImageElement): boolean {
  const size = (name: string): number => Number.parseFloat(image.getAttribute(name) ?? 'NaN');
  return (
    size('width') <= 2 || size('height') <= 2 || /^[012]px$/.test(image.style.width || image.style.height)
  );
}

/** Lets lazy pictures load and failed ones say so, for a bounded time. */
export async function settleImages(walk: Walk): Promise<Map<HTMLImageElement, boolean>> {
  const images = walk.elements.filter((element): element is HTMLImageElement => element.localName === 'img');
  const pending = images.filter((image) => !image.complete).slice(0, 60);
  for (const image of pending) image.loading = 'eager';
  const decodes = new Map<HTMLImageElement, boolean>();
  const ask = async (image: HTMLImageElement): Promise<void> => {
    if (image.complete && image.naturalWidth > 0) return;
    await image.decode().then(
      () => decodes.set(image, true),
      () => decodes.set(image, false),
    );
  };
  const doubtful = images.filter((image) => !image.complete || image.naturalWidth === 0).slice(0, 60);
  const limit = new Promise((resolve) => setTimeout(resolve, walk.limits.imagesMs));
  await Promise.race([Promise.all(doubtful.map(ask)), limit]);
  return decodes;
}

/** Pictures of the page: what it shows by image elements; backgrounds are decoration. */
export function collectImages(walk: Walk, decodes: Map<HTMLImageElement, boolean>): ImageFact[] {
  const found: ImageFact[] = [];
  for (const element of walk.elements) {
    if (found.length >= 300) break;
    if (element.localName === 'img') found.push(imageOf(walk, element as HTMLImageElement, decodes));
  }
  return found;
}

/** What the browser knows of one image element. */
export function imageOf(
  walk: Walk,
  image: HTMLImageElement,
  decodes: Map<HTMLImageElement, boolean>,
): ImageFact {
  return {
    ...describeElement(image),
    url: cut(image.currentSrc || image.src, 1000),
    complete: image.complete,
    natural_width: image.naturalWidth,
    visible: isShown(walk, image) && !isTracker(image),
    decodes: decodes.get(image) ?? null,
    alt: image.getAttribute('alt'),
  };
}
