/** The element around this one, out of shadow roots and frames of the same origin too. */
export function parentAcrossRoots(element: Element): Element | null {
  if (element.parentElement) return element.parentElement;
  const root = element.getRootNode();
  if (root instanceof ShadowRoot) return root.host;
  try {
    const frame = element.ownerDocument.defaultView?.frameElement ?? null;
    return element.ownerDocument === document ? null : frame;
  } catch {
    return null;
  }
}
