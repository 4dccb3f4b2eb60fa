import type { TechnologyFact, ViewportFacts } from '../facts.ts';
import type { Filters, Limits, Walk } from './types.ts';

declare const cut: typeof import('./describe.ts').cut;
declare const titleOf: typeof import('./unshadow.ts').titleOf;
declare const unshadow: typeof import('./unshadow.ts').unshadow;
declare const walkPage: typeof import('./walk.ts').walkPage;
declare const collectNotices: typeof import('./text.ts').collectNotices;
declare const collectContacts: typeof import('./text.ts').collectContacts;
declare const collectPlaceholders: typeof import('./text.ts').collectPlaceholders;
declare const collectHeadings: typeof import('./text.ts').collectHeadings;
declare const collectLinks: typeof import('./text.ts').collectLinks;
declare const measurePage: typeof import('./layout.ts').measurePage;
declare const collectWideElements: typeof import('./layout.ts').collectWideElements;
declare const settleImages: typeof import('./layout.ts').settleImages;
declare const collectImages: typeof import('./layout.ts').collectImages;
declare const collectFiles: typeof import('./technology.ts').collectFiles;
declare const collectParts: typeof import('./parts.ts').collectParts;
declare const collectInsecureParts: typeof import('./parts.ts').collectInsecureParts;
declare const smallText: typeof import('./parts.ts').smallText;
declare const collectGenerators: typeof import('./technology.ts').collectGenerators;
declare const collectPlugins: typeof import('./technology.ts').collectPlugins;

/** What one look into the page brings back; technologies are named later, outside of the page. */
export type InPageFacts = Omit<ViewportFacts, 'viewport' | 'final_url' | 'technologies'> & {
  files: { url: string; selector: string }[];
  generators: string[];
  plugins: TechnologyFact[];
};

/** Reads everything the detectors need, within the given limits. Runs inside the page, in a world of its own. */
export async function collectInPage(
  limits: Limits,
  filters: Filters,
  windowWidth: number,
): Promise<InPageFacts> {
  unshadow(document);
  const walk: Walk = {
    limits,
    filters,
    startedAt: performance.now(),
    truncated: false,
    shown: new Map(),
    elements: [],
    blocks: [],
    // A page that is wider than the window is shown shrunk.
    textSize: {
      scale: Math.min(1, windowWidth / document.documentElement.clientWidth),
      small: 0,
      of: 0,
      elements: [],
    },
  };
  walkPage(walk);
  const links = collectLinks(walk);
  const decodes = await settleImages(walk);
  const metas = (name: string): string[] =>
    [...document.querySelectorAll(`meta[name="${name}" i]`)].map((meta) =>
      (meta.getAttribute('content') ?? '').trim(),
    );
  const descriptions = metas('description');
  const viewports = metas('viewport');
  return {
    lang: document.documentElement.lang ? cut(document.documentElement.lang, 20) : null,
    title: document.querySelector('title') ? cut(titleOf(document), 500) : null,
    meta_description:
      descriptions.length > 0 ? cut(descriptions.find((one) => one !== '') ?? '', 1000) : null,
    meta_viewport: viewports.length > 0 ? cut(viewports.at(-1) ?? '', 300) : null,
    ...measurePage(walk, windowWidth),
    wide_elements: collectWideElements(walk, windowWidth),
    notices: collectNotices(walk),
    contacts: collectContacts(walk),
    h1: collectHeadings(walk),
    images: collectImages(walk, decodes),
    links: links.map((link) => link.url),
    link_elements: links,
    parts: collectParts(walk),
    insecure_parts: collectInsecureParts(walk),
    small_text: smallText(walk),
    placeholders: collectPlaceholders(walk),
    text: walk.blocks
      .map((block) => block.text)
      .join('\n')
      .slice(0, limits.textChars),
    truncated: walk.truncated,
    files: collectFiles(walk),
    generators: collectGenerators(),
    plugins: collectPlugins(),
  };
}
