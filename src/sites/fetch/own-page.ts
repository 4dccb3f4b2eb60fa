import type { PageView } from './page-view.ts';

/** Numbers as people write them to be called: with a plus, a trunk zero or an American area code. */
const PHONE =
  /(?<![\d.,/-])(?:(?:\+|\(?0)\d[\d ()./\u2010-\u2013-]{5,20}\d|\(?\d{3}\)?[-. ]{1,2}\d{3}[-. ]\d{4})(?!\d)/u;
const MAIL = /[\p{L}\p{N}_%+-]@[\p{L}\p{N}-]{1,63}\.\p{L}/u;
const SEVERAL_PICTURES = 3;
const SEVERAL_LINKS = 3;
/** Where script-built sites put what they show. */
const APP_ROOTS = new Set(['root', 'app', '__next', '__nuxt', '___gatsby', 'svelte', 'app-root', 'q-app']);

/** A way to reach somebody, by link or in plain text: walls give none. */
export function hasContact({ links, text }: PageView): boolean {
  if (links.some(({ attributes }) => /^\s*(?:tel|mailto):/i.test(attributes.href ?? ''))) return true;
  return PHONE.test(text) || MAIL.test(text);
}

/** A menu that leads to more pages of the site. */
export function hasMenu(view: PageView): boolean {
  return count(view, /^nav$/) > 0 && view.links.length >= SEVERAL_LINKS;
}

/** More pictures than the logo of whoever asks. */
export function hasGallery(view: PageView): boolean {
  return count(view, /^(?:img|picture)$/) >= SEVERAL_PICTURES;
}

/** The page is still to be built by its scripts: what stands there so far says nothing. */
export function isUnbuilt({ scan }: PageView): boolean {
  const hasScripts = scan.scripts !== '' || scan.tags.some(({ name }) => name === 'script');
  return hasScripts && scan.emptyIds.some((id) => APP_ROOTS.has(id));
}

function count({ scan }: PageView, pattern: RegExp): number {
  return scan.tags.filter(({ name }) => pattern.test(name)).length;
}
