import type { BlockedFacts, PageEvents } from './events.ts';

/** Box in CSS pixels of the whole document, as in a screenshot of the full page. */
export type Rect = { x: number; y: number; width: number; height: number };

/** An element of the page: how to find it, what it looks like in the source, where it stands. */
export type ElementFact = { selector: string; snippet: string; rect: Rect | null };

/** A visible copyright notice, with the text around it. */
export type NoticeFact = ElementFact & {
  text: string;
  /** The notice stands in the page's footer. */
  in_footer: boolean;
  /** The notice belongs to a map, a caption or an embedded part, by the element around it. */
  in_credit: boolean;
};

/** Visible text or a visible link that may hold a phone number or a mail address. */
export type ContactFact = ElementFact & {
  kind: 'text' | 'tel' | 'mailto';
  /** The text, or the target of the link without its scheme. */
  text: string;
};

export type HeadingFact = ElementFact & {
  text: string;
  /** Rendered for someone: visible, or left to screen readers alone. */
  rendered: boolean;
};

export type ImageFact = ElementFact & {
  url: string;
  complete: boolean;
  natural_width: number;
  /** Its box is on the page, beyond a tracking pixel. */
  visible: boolean;
  /** The browser could decode it; null when that was not asked. */
  decodes: boolean | null;
  alt: string | null;
};

/** One link of the page to its own origin. */
export type LinkFact = ElementFact & { url: string; text: string };

export type PlaceholderFact = ElementFact & { text: string };

/** A technology of the page by a place that can be trusted, never by prose or comments. */
export type TechnologyFact = {
  id: string;
  version: string | null;
  source: 'runtime' | 'banner' | 'url' | 'generator' | 'element';
  /** Where it was read: a global's name, a file's address, the content of a meta element. */
  detail: string;
  selector: string | null;
};

/** The page as one viewport renders it. */
export type ViewportFacts = {
  viewport: 'phone' | 'desktop';
  final_url: string;
  lang: string | null;
  title: string | null;
  /** null when absent, `''` when empty. */
  meta_description: string | null;
  meta_viewport: string | null;
  /** Width the page is laid out for. */
  layout_width: number;
  /** Width a visitor can scroll to. */
  page_width: number;
  wide_elements: (ElementFact & { right: number })[];
  notices: NoticeFact[];
  contacts: ContactFact[];
  h1: HeadingFact[];
  images: ImageFact[];
  /** The first 50 distinct addresses of the same origin, without fragments. */
  links: string[];
  /** The same links with the elements that carry them. */
  link_elements: LinkFact[];
  /** Of the phone alone: elements that Lighthouse may name. Absent in facts stored before this was read. */
  parts?: ElementFact[];
  insecure_parts?: (ElementFact & { url: string })[];
  /** Characters of visible text that show smaller than 12 points, out of all, and where they begin. */
  small_text?: { characters: number; of: number; elements: ElementFact[] };
  technologies: TechnologyFact[];
  placeholders: PlaceholderFact[];
  /** Visible text, cut at 20,000 characters. */
  text: string;
  /** A limit cut the collection short. */
  truncated: boolean;
};

export type PageFacts = {
  final_url: string;
  phone: ViewportFacts;
  desktop: ViewportFacts;
  /** Of both viewports, each problem once. */
  events: PageEvents;
  /** What the page asked for at addresses that are not public. */
  blocked: BlockedFacts;
};
