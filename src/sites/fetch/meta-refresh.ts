import type { HtmlScan } from './html-scan.ts';

const MAX_DELAY_SECONDS = 5;

/** Where a meta element sends the visitor within five seconds; a page that only reloads itself sends nowhere. */
export function metaRefreshTarget(scan: HtmlScan, pageUrl: string): string | null {
  const meta = scan.tags.find(
    ({ name, attributes }) => name === 'meta' && attributes['http-equiv']?.trim().toLowerCase() === 'refresh',
  );
  const match = /^\s*(\d{1,6})(?:\.\d*)?\s*[;,]\s*(?:url\s*=\s*)?["']?\s*([^"']+)/i.exec(
    meta?.attributes.content ?? '',
  );
  if (match === null || Number(match[1]) > MAX_DELAY_SECONDS) return null;
  const base = scan.tags.find(({ name }) => name === 'base')?.attributes.href ?? '';
  const baseUrl = URL.canParse(base, pageUrl) ? new URL(base, pageUrl).href : pageUrl;
  const target = (match[2] ?? '').trim();
  if (!URL.canParse(target, baseUrl)) return null;
  const url = new URL(target, baseUrl);
  return withoutHash(url) === withoutHash(new URL(pageUrl)) ? null : url.href;
}

function withoutHash(url: URL): string {
  return url.href.slice(0, url.href.length - url.hash.length);
}
