import type { Walk } from './types.ts';

declare const parentAcrossRoots: typeof import('./parent.ts').parentAcrossRoots;

/** Whether a visitor can see what stands in this element; text left to screen readers does not count. */
export function isShown(walk: Walk, element: Element): boolean {
  const known = walk.shown.get(element);
  if (known !== undefined) return known;
  const parent = parentAcrossRoots(element);
  const shown = (parent === null || isShown(walk, parent)) && showsItself(element);
  walk.shown.set(element, shown);
  return shown;
}

/** The element's own part in being visible; its ancestors are asked one by one. */
export function showsItself(element: Element): boolean {
  if (!element.checkVisibility({ visibilityProperty: true })) return hasVisibleOverride(element);
  const view = element.ownerDocument.defaultView;
  if (!view) return false;
  const style = view.getComputedStyle(element);
  // What lies over the whole window and is transparent waits for a click, not for scrolling.
  if (style.opacity === '0' && (style.position === 'fixed' || !fadesIn(element, style))) return false;
  if (style.display === 'inline' || style.display === 'contents') return true;
  if (/^inset\((?:50|100)%/.test(style.clipPath)) return false;
  const placed = style.position === 'absolute' || style.position === 'fixed';
  if (placed && /^rect\((?:0px|1px)[, ]+(?:0px|1px)[, ]+(?:0px|1px)[, ]+(?:0px|1px)\)$/.test(style.clip))
    return false;
  const box = element.getBoundingClientRect();
  const clips = style.overflowX !== 'visible' || style.overflowY !== 'visible';
  if (clips && element !== document.body && (box.width <= 1 || box.height <= 1)) return false;
  if (placed && box.width > 0 && (box.right + view.scrollX <= 0 || box.bottom + view.scrollY <= 0))
    return false;
  return !(style.position === 'fixed' && box.left >= view.innerWidth && box.width > 0);
}

/** A hidden parent may hold a child that is set visible again; only `display: none` is final. */
export function hasVisibleOverride(element: Element): boolean {
  return element.checkVisibility() && element.querySelector('*') !== null;
}

/** Parts that appear while a visitor scrolls start transparent; they are not hidden. */
export function fadesIn(element: Element, style: CSSStyleDeclaration): boolean {
  if (element.closest('[data-aos],[data-sr-id],.wow,.reveal,[class*="animate" i],[class*="fade" i]'))
    return true;
  if (style.animationName !== 'none') return true;
  const durations = style.transitionDuration.split(',').map((part) => Number.parseFloat(part));
  const properties = style.transitionProperty.split(',').map((part) => part.trim());
  return properties.some(
    (name, i) => /^(?:all|opacity)$/.test(name) && (durations[i % durations.length] ?? 0) > 0,
  );
}
