import { isIP, isIPv6 } from 'node:net';
import { AgosError } from '../../kernel/errors.ts';
import { isPublicAddress } from './ranges.ts';

const MAX_URL_CHARACTERS = 2048;
/** Redirects may carry long queries, but not a document. */
const MAX_HOP_CHARACTERS = 8192;
const PUBLIC_PORTS = new Set([80, 443, 8080, 8443]);

/** Names that only a private network answers; a name without a dot is one of them. */
const PRIVATE_SUFFIXES = [
  'localhost',
  'local',
  'localdomain',
  'internal',
  'intranet',
  'lan',
  'home',
  'corp',
  'private',
  'home.arpa',
];

/** Schemes that look like `host:port` or `user:password@host` when no slashes follow. */
const OTHER_SCHEMES = new Set(
  'about blob chrome data file ftp javascript mailto sms tel urn view-source ws wss'.split(' '),
);

/** Bidirectional, zero-width and invisible characters: they make two names look alike. */
const INVISIBLE = /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** A stranger's address after all checks that need no network. */
export type Target = { url: string; schemeGiven: boolean };

/** Tells whether the development allow-list names exactly this host and port. */
export type IsAllowed = (host: string, port: number) => boolean;

/** Reads an address as strangers write it; throws the AgosError that says why it is refused. */
export function parseTarget(input: string, options: { isAllowed?: IsAllowed; field?: string } = {}): Target {
  const field = options.field ?? 'url';
  const text = cleanText(input, field);
  const schemeGiven = hasScheme(text);
  const absolute = schemeGiven ? text : `https://${text.replace(/^[\\/]+/, '')}`;
  if (!URL.canParse(absolute)) {
    throw new AgosError('url_invalid', 'The URL cannot be read. Give one such as https://example.com.', {
      field,
    });
  }
  const url = new URL(absolute);
  judgeUrl(url, options.isAllowed ?? (() => false), field);
  url.hash = '';
  url.hostname = withoutTrailingDots(url.hostname);
  if (url.href.length > MAX_URL_CHARACTERS) throw tooLong(field);
  return { url: url.href, schemeGiven };
}

/** Applies the scheme, credential, host and port rules to a URL, before anything is resolved. */
export function judgeUrl(url: URL, isAllowed: IsAllowed, field = 'url'): void {
  if (url.href.length > MAX_HOP_CHARACTERS) throw tooLong(field);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new AgosError('url_scheme_not_allowed', 'Only http and https URLs are allowed.', { field });
  }
  if (url.username !== '' || url.password !== '') {
    throw new AgosError('url_credentials_not_allowed', 'The URL may not carry a user name or password.', {
      field,
    });
  }
  const host = canonicalHost(url.hostname);
  if (host === null) throw new AgosError('url_invalid', 'The URL has no valid host name.', { field });
  const port = portOf(url);
  if (isAllowed(host, port)) return;
  if (isForbiddenHost(host)) {
    throw new AgosError('url_target_forbidden', `${host} is not a public internet address.`, { field });
  }
  if (!PUBLIC_PORTS.has(port)) {
    throw new AgosError('url_port_not_allowed', `Port ${port} is not allowed. Use 80, 443, 8080 or 8443.`, {
      field,
    });
  }
}

/** Tells whether a port may be reached without standing on the allow-list. */
export function isPublicPort(port: number): boolean {
  return PUBLIC_PORTS.has(port);
}

/** Tells whether a canonical host is a private literal or a name that only a private network answers. */
export function isForbiddenHost(host: string): boolean {
  if (isIP(host) !== 0) return !isPublicAddress(host);
  if (!host.includes('.')) return true;
  return PRIVATE_SUFFIXES.some((suffix) => host === suffix || host.endsWith(`.${suffix}`));
}

/**
 * One spelling for each host: lower case, punycode, dotted IPv4, no brackets, no trailing dot.
 * `2130706433`, `0x7f.1` and full-width digits all become `127.0.0.1`; null when it is no host.
 */
export function canonicalHost(host: string): string | null {
  if (host === '' || /[/\\?#@\s]/.test(host)) return null;
  if (host.includes(':') && !isIPv6(host.replace(/^\[|\]$/g, ''))) return null;
  const authority = isIPv6(host) ? `[${host}]` : host;
  if (!URL.canParse(`http://${authority}/`)) return null;
  const parsed = new URL(`http://${authority}/`);
  if (parsed.hostname.length > 255) return null;
  const canonical = withoutTrailingDots(parsed.hostname).replace(/^\[|\]$/g, '');
  return canonical === '' ? null : canonical;
}

/** The port that a URL reaches. */
export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'http:' ? 80 : 443;
}

function withoutTrailingDots(hostname: string): string {
  return hostname.replace(/\.+$/, '');
}

function tooLong(field: string): AgosError {
  const sentence = `The URL is longer than ${MAX_URL_CHARACTERS} characters.`;
  return new AgosError('identifier_invalid', sentence, { field });
}

function cleanText(input: string, field: string): string {
  if (input.length > MAX_URL_CHARACTERS) throw tooLong(field);
  if (INVISIBLE.test(input)) {
    throw new AgosError('identifier_invalid', 'The URL holds invisible or direction-changing characters.', {
      field,
    });
  }
  const text = input.trim();
  if (text === '' || CONTROL.test(text) || !text.isWellFormed()) {
    throw new AgosError('url_invalid', 'The URL is empty or holds control characters.', { field });
  }
  return text;
}

/** `name:8080` and `user:password@name` are hosts, `mailto:x` and `foo:bar` are schemes. */
function hasScheme(text: string): boolean {
  const match = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(text);
  if (match === null) return false;
  const scheme = (match[1] ?? '').toLowerCase();
  const rest = match[2] ?? '';
  if (/^[\\/]{2}/.test(rest) || /^https?$/.test(scheme) || OTHER_SCHEMES.has(scheme)) return true;
  const authority = rest.split(/[\\/?#]/, 1)[0] ?? '';
  return !/^\d*$/.test(authority) && !authority.includes('@');
}
