import { AgosError } from './errors.ts';

/** How many path segments tell one business from another on a host that many share. */
const SHARED_HOSTS: Record<string, number> = {
  'facebook.com': 1,
  'instagram.com': 1,
  'linkedin.com': 2,
  'sites.google.com': 2,
  'wixsite.com': 1,
  'x.com': 1,
  'twitter.com': 1,
  'tiktok.com': 1,
  'pinterest.com': 1,
  'youtube.com': 1,
  'linktr.ee': 1,
  'g.page': 1,
  'yelp.com': 2,
  'etsy.com': 2,
};

/** First segments under which the name of the business stands deeper than its host's usual place. */
const DEEPER_SEGMENTS: Record<string, Record<string, number>> = {
  'facebook.com': { pages: 3, people: 3, p: 2, groups: 2 },
  'youtube.com': { channel: 2, c: 2, user: 2 },
};

/** An index entry of PostgreSQL has room for about 2,700 bytes. */
const MAX_DOMAIN_CHARACTERS = 2048;

const DEFAULT_PORTS = new Set(['', '80', '443']);

/** The canonical name under which a tenant knows a site: host, odd port, and path on shared hosts. */
export function canonicalDomain(url: string): string {
  const parsed = parse(url);
  const host = stripHost(parsed.hostname);
  const port = DEFAULT_PORTS.has(parsed.port) ? '' : `:${parsed.port}`;
  const domain = [`${host}${port}`, ...identifyingSegments(host, parsed)].join('/');
  if (domain.length > MAX_DOMAIN_CHARACTERS) throw new AgosError('url_invalid', 'The URL is too long.');
  return domain;
}

function parse(url: string): URL {
  const text = url.trim();
  const absolute = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  if (!URL.canParse(absolute))
    throw new AgosError('url_invalid', 'The URL has no host name that can be read.');
  const parsed = new URL(absolute);
  if (parsed.hostname === '') throw new AgosError('url_invalid', 'The URL has no host name.');
  return parsed;
}

/** `www.` is dropped only when a whole name remains: `www.com` is a site of its own. */
function stripHost(hostname: string): string {
  let host = hostname.toLowerCase().replace(/\.+$/, '');
  while (host.startsWith('www.') && host.indexOf('.', 4) !== -1) host = host.slice(4);
  return host;
}

function identifyingSegments(host: string, url: URL): string[] {
  const shared = sharedHostOf(host);
  if (shared === undefined) return [];
  const segments = url.pathname.toLowerCase().split('/').filter(Boolean);
  const first = segments[0] ?? '';
  if (shared === 'facebook.com' && first === 'profile.php') {
    const id = url.searchParams.get('id');
    return [id === null ? first : `${first}?id=${encodeURIComponent(id.toLowerCase())}`];
  }
  const depths = DEEPER_SEGMENTS[shared];
  const deeper = depths !== undefined && Object.hasOwn(depths, first) ? depths[first] : undefined;
  return segments.slice(0, deeper ?? SHARED_HOSTS[shared]);
}

function sharedHostOf(host: string): string | undefined {
  return Object.keys(SHARED_HOSTS).find((shared) => host === shared || host.endsWith(`.${shared}`));
}
