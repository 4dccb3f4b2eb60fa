import { SiteHoldError } from '../../kernel/holds.ts';
import type { Fetched } from '../../runtime/egress/fetch.ts';
import { countStartTags } from './html-scan.ts';
import { judgePageKind } from './page-kind.ts';

const MAX_ELEMENTS = 1_000_000;
const SNIFFED_CHARACTERS = 1_024;

/** The hold of a page that is no site to look at: a wall, a parked domain, an error, not HTML, too large. */
export function whyUnusable(seen: {
  page: Fetched;
  html: string;
  requestedUrl: string;
}): SiteHoldError | null {
  const { page, html, requestedUrl } = seen;
  const kind = judgePageKind({
    url: page.url,
    requestedUrl,
    status: page.status,
    headers: page.headers,
    html,
    isRendered: false,
  });
  if (kind !== null) return new SiteHoldError(kind.code, kind.message);
  if (page.status < 200 || page.status >= 300) {
    return new SiteHoldError(
      'http_error',
      `The site answers with status ${page.status} and not with a page.`,
    );
  }
  if (!mayBeHtml(page.headers) || (page.headers['content-type'] === undefined && !looksLikeHtml(html))) {
    const type = page.headers['content-type']?.slice(0, 100) ?? 'no type';
    return new SiteHoldError('not_html', `The address answers with something other than a page (${type}).`);
  }
  if (countStartTags(html) > MAX_ELEMENTS) {
    return new SiteHoldError(
      'page_too_large',
      `The page has more than ${MAX_ELEMENTS.toLocaleString('en')} elements.`,
    );
  }
  return null;
}

/** Tells by headers whether a browser would show the answer as a page. */
export function mayBeHtml(headers: Record<string, string>): boolean {
  if (/^\s*attachment/i.test(headers['content-disposition'] ?? '')) return false;
  const type = headers['content-type'];
  return (
    type === undefined || type.trim() === '' || /^\s*(?:text\/html|application\/xhtml\+xml)\b/i.test(type)
  );
}

function looksLikeHtml(html: string): boolean {
  return /^\s*(?:<!--[\s\S]*?-->\s*)*<(?:!doctype html|html|head|body|title|meta|script|div|table|h1|p|a|br|style)\b/i.test(
    html.slice(0, SNIFFED_CHARACTERS),
  );
}
