import type { HtmlScan, Tag } from './html-scan.ts';

/** A page as it was fetched, or as a browser rendered it. */
export type SeenPage = {
  url: string;
  /** The address that was asked for, when redirects led elsewhere. */
  requestedUrl?: string;
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  html: string;
  /** A browser shows it, after its scripts; the source alone cannot tell a banner from a wall of consent. */
  isRendered: boolean;
};

/** What the detectors of walls and parked domains look at. */
export type PageView = Omit<SeenPage, 'html'> & {
  host: string;
  scan: HtmlScan;
  /** Text outside tags, in one piece. */
  text: string;
  /** Inline scripts and the addresses that tags load from. */
  code: string;
  links: Tag[];
};

const SOURCE_ATTRIBUTES = ['src', 'action', 'data-src'];

/** Prepares the look at a page. */
export function viewOf({ html: _html, ...page }: SeenPage, scan: HtmlScan): PageView {
  return {
    ...page,
    host: new URL(page.url).hostname,
    scan,
    text: scan.runs.join(' '),
    code: `${sourcesOf(scan).join('\n')}\n${scan.scripts}`,
    links: scan.tags.filter(({ name, attributes }) => name === 'a' && attributes.href !== undefined),
  };
}

/** Addresses that the page loads from, as written. */
export function sourcesOf(scan: HtmlScan): string[] {
  return scan.tags.flatMap(({ name, attributes }) => [
    ...SOURCE_ATTRIBUTES.flatMap((attribute) => attributes[attribute] ?? []),
    ...(name === 'link' ? [attributes.href ?? ''] : []),
  ]);
}

/** Tells whether a tag with this id stands on the page. */
export function hasId(view: PageView, pattern: RegExp): boolean {
  return view.scan.tags.some(({ attributes }) => attributes.id !== undefined && pattern.test(attributes.id));
}
