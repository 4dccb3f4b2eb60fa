/** Names of members that functions of this folder ask of nodes; `source.ts` reads them from their text. */
declare const MEMBERS: readonly string[];

/**
 * Takes the names from elements that stand before the DOM's own members: `<img name="body">` hides the
 * document's body, `<input name="childNodes">` a form's parts, in every world. Only names that we ask for.
 */
export function unshadow(root: Document | ShadowRoot): void {
  // Asked of other things than a form or document, or by the prototype; many forms have fields of these names.
  const harmless = new Set(['elements', 'id', 'lang', 'length', 'links', 'name', 'open', 'title']);
  const isMember = (name: string): boolean => name in Document.prototype || name in HTMLFormElement.prototype;
  const shadowing = new Set(MEMBERS.filter((name) => isMember(name) && !harmless.has(name)));
  const query = root instanceof ShadowRoot ? ShadowRoot.prototype : Document.prototype;
  const named = 'button,embed,fieldset,form,iframe,img,input,object,output,select,textarea';
  for (const element of query.querySelectorAll.call(root, named)) {
    for (const attribute of ['name', 'id']) {
      const value = Element.prototype.getAttribute.call(element, attribute);
      if (value !== null && shadowing.has(value)) {
        Element.prototype.removeAttribute.call(element, attribute);
      }
    }
  }
}

/** The document's title, whatever the page calls its elements. */
export function titleOf(page: Document): string {
  return Reflect.get(Document.prototype, 'title', page);
}
