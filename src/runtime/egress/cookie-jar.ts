import { isIP } from 'node:net';

const MAX_COOKIES = 50;
const MAX_COOKIE_CHARACTERS = 4_096;
const MAX_HEADER_CHARACTERS = 8_192;

/** A pair of name and value as a client may send it back: nothing that could end a header. */
const PAIR = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)=([\x20-\x3a\x3c-\x7e]*)$/;

type Cookie = {
  pair: string;
  domain: string;
  isHostOnly: boolean;
  path: string;
  isSecure: boolean;
};

/** Cookies of one fetch session: sites that ask for them first redirect without end to a client without. */
export type CookieJar = {
  /** Keeps what an answer of this address sets; what is malformed, foreign or too much is left out. */
  store(url: URL, setCookies: readonly string[], now: Date): void;
  /** The header for a request to this address, or null when there is nothing to send. */
  headerFor(url: URL): string | null;
};

/** Makes an empty jar, to be thrown away with its session. */
export function createCookieJar(): CookieJar {
  const jar = new Map<string, Cookie>();

  function keep(url: URL, text: string, now: Date): void {
    const [first = '', ...rest] = text.slice(0, MAX_COOKIE_CHARACTERS).split(';');
    const name = PAIR.exec(first.trim())?.[1];
    if (name === undefined || text.length > MAX_COOKIE_CHARACTERS) return;
    const attributes = attributesOf(rest);
    const cookie = cookieOf(url, first.trim(), attributes);
    if (cookie === null) return;
    const key = `${name};${cookie.domain};${cookie.path}`;
    if (hasEnded(attributes, now)) jar.delete(key);
    else if (jar.has(key) || jar.size < MAX_COOKIES) jar.set(key, cookie);
  }

  return {
    store(url, setCookies, now) {
      for (const text of setCookies.slice(0, MAX_COOKIES)) keep(url, text, now);
    },
    headerFor(url) {
      let header = '';
      for (const cookie of jar.values()) {
        if (!isFor(cookie, url) || header.length + cookie.pair.length > MAX_HEADER_CHARACTERS) continue;
        header += `${header === '' ? '' : '; '}${cookie.pair}`;
      }
      return header === '' ? null : header;
    },
  };
}

function attributesOf(parts: string[]): Map<string, string> {
  return new Map(
    parts.map((part) => {
      const [name = '', ...value] = part.split('=');
      return [name.trim().toLowerCase(), value.join('=').trim()];
    }),
  );
}

function cookieOf(url: URL, pair: string, attributes: Map<string, string>): Cookie | null {
  const named = attributes.get('domain')?.toLowerCase().replace(/^\./, '') ?? '';
  const isShared = named !== '' && named !== url.hostname;
  if (isShared && !mayShare(url.hostname, named)) return null;
  const path = attributes.get('path') ?? '';
  return {
    pair,
    domain: isShared ? named : url.hostname,
    isHostOnly: named === '',
    path: path.startsWith('/') ? path : (/^.*(?=\/)/.exec(url.pathname)?.[0] ?? '') || '/',
    isSecure: attributes.has('secure'),
  };
}

/** A host may set cookies for a name above it, but not for a whole top-level domain. */
function mayShare(host: string, domain: string): boolean {
  return isIP(host) === 0 && domain.includes('.') && host.endsWith(`.${domain}`);
}

function hasEnded(attributes: Map<string, string>, now: Date): boolean {
  const age = attributes.get('max-age');
  if (age !== undefined && /^-?\d+$/.test(age)) return Number(age) <= 0;
  return Date.parse(attributes.get('expires') ?? '') <= now.getTime();
}

function isFor(cookie: Cookie, url: URL): boolean {
  if (cookie.isSecure && url.protocol !== 'https:') return false;
  const isOwn = url.hostname === cookie.domain;
  if (!isOwn && (cookie.isHostOnly || !url.hostname.endsWith(`.${cookie.domain}`))) return false;
  const below = cookie.path.endsWith('/') ? cookie.path : `${cookie.path}/`;
  return url.pathname === cookie.path || url.pathname.startsWith(below);
}
