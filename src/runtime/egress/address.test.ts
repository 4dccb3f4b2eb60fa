import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalHost, parseTarget } from './address.ts';

function codeOf(input: string): string {
  try {
    return parseTarget(input).url;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('parseTarget', () => {
  test.each([
    ['example.com', 'https://example.com/', false],
    ['  Example.COM/a b#top ', 'https://example.com/a%20b', false],
    ['//example.com/x', 'https://example.com/x', false],
    ['http://example.com', 'http://example.com/', true],
    ['HTTPS://example.com:8443/', 'https://example.com:8443/', true],
    ['example.com:8080', 'https://example.com:8080/', false],
    ['bücher.example', 'https://xn--bcher-kva.example/', false],
    ['https://example.com./x', 'https://example.com/x', true],
    ['8.8.8.8', 'https://8.8.8.8/', false],
    ['https://[2606:4700::1111]/', 'https://[2606:4700::1111]/', true],
  ])('%j is read as %s', (input, url, schemeGiven) => {
    expect(parseTarget(input)).toEqual({ url, schemeGiven });
  });

  // sabotage: src/runtime/egress/address.ts :: if (url.protocol !== 'http:' && url.protocol !== 'https:') { => if (false) {
  test.each([
    'file:///etc/passwd',
    'data:text/html,x',
    'javascript:alert(1)',
    'chrome://crash',
    'ftp://example.com/',
    'FILE:/etc/passwd',
    'mailto:a@example.com',
    'tel:5551234',
    'blob:https://example.com/x',
    'foo:bar',
    'view-source:https://example.com',
    'ws://example.com',
    'gopher://example.com',
  ])('%s has a scheme that is not allowed', (input) => {
    expect(codeOf(input)).toBe('url_scheme_not_allowed');
  });

  // sabotage: src/runtime/egress/address.ts :: if (isForbiddenHost(host)) { => if (false) {
  // sabotage: src/runtime/egress/address.ts :: if (isIP(host) !== 0) return !isPublicAddress(host); =>
  // sabotage: src/runtime/egress/ranges.ts :: if (parsed.toString() === AZURE_PLATFORM) return false; =>
  // sabotage: src/runtime/egress/ranges.ts :: return parsed instanceof ipaddr.IPv4 || isGlobalUnicast(parsed as ipaddr.IPv6); => return true;
  test.each([
    '127.0.0.1',
    '10.0.0.1',
    '172.16.5.4',
    '192.168.1.1',
    '169.254.169.254',
    '168.63.129.16',
    '0xa83f8110',
    '100.64.0.1',
    '0.0.0.0',
    '0.1.2.3',
    '198.18.0.1',
    '192.0.2.1',
    '198.51.100.7',
    '203.0.113.9',
    '224.0.0.1',
    '239.1.1.1',
    '240.0.0.1',
    '255.255.255.255',
    '192.0.0.1',
    '192.88.99.1',
    '2130706433',
    '0x7f.1',
    '127.1',
    '0177.0.0.1',
    '0x7f000001',
    '017700000001',
    '127.0.0.1.',
    '１２７.0.0.1',
    '127。0。0。1',
    '[::1]',
    '[::]',
    '[::ffff:7f00:1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:8.8.8.8]',
    '[::127.0.0.1]',
    '[fe80::1]',
    '[fec0::1]',
    '[fc00::1]',
    '[fd12:3456::1]',
    '[ff02::1]',
    '[64:ff9b::7f00:1]',
    '[64:ff9b:1::1]',
    '[2002:7f00:1::]',
    '[2001:0:1::]',
    '[2001:db8::1]',
    '[100::1]',
    '[5f00::1]',
    '[4000::1]',
    'localhost',
    'localhost.',
    'LOCALHOST:443',
    'foo.localhost',
    'printer.local',
    'db.internal',
    'metadata.google.internal',
    'intranet',
    'router.lan',
    'x.home.arpa',
    'ｌｏｃａｌｈｏｓｔ',
    '127.0.0.1:22',
  ])('%s is a forbidden target, with any scheme', (host) => {
    expect(codeOf(host)).toBe('url_target_forbidden');
    expect(codeOf(`http://${host}`)).toBe('url_target_forbidden');
    expect(codeOf(`https:\\\\${host}`)).toBe('url_target_forbidden');
  });

  // sabotage: src/runtime/egress/address.ts :: if (url.username !== '' || url.password !== '') { => if (false) {
  test.each([
    'https://user:pass@example.com',
    'user@example.com',
    'user:pass@example.com',
    'https://u@10.0.0.1',
  ])('%s carries credentials', (input) => expect(codeOf(input)).toBe('url_credentials_not_allowed'));

  // sabotage: src/runtime/egress/address.ts :: if (!PUBLIC_PORTS.has(port)) { => if (false) {
  test.each(['example.com:22', 'https://example.com:25', 'http://example.com:5432/', 'https://8.8.8.8:0'])(
    '%s has a port that is not allowed',
    (input) => expect(codeOf(input)).toBe('url_port_not_allowed'),
  );

  // sabotage: src/runtime/egress/address.ts :: if (INVISIBLE.test(input)) { => if (false) {
  test.each([
    `https://example.com/${'a'.repeat(2048)}`,
    `https://example.com/${'語'.repeat(500)}`,
    'https://exam\u200bple.com',
    'https://example.com/\u202etxt.exe',
    'https://example\u00ad.com',
    '\ufeffexample.com',
    'exam\u2066ple.com',
  ])('an identifier that is too long or holds invisible characters is refused', (input) => {
    expect(codeOf(input)).toBe('identifier_invalid');
  });

  test.each([
    '',
    '   ',
    'https://',
    'http:///',
    'not a url',
    'https://exa mple.com',
    'java\tscript:alert(1)',
    'a.com\u0000',
    'example.com:99999',
    'https://[::1',
    'https://example.com/\ud800',
    'https://1.2.3.4.5',
  ])('%j cannot be read', (input) => {
    expect(codeOf(input)).toBe('url_invalid');
  });

  test('the error names the field it was given', () => {
    expect(() => parseTarget('localhost', { field: 'leads.0.url' })).toThrow(
      expect.objectContaining({ details: { field: 'leads.0.url' } }),
    );
  });

  test('an allowed host and port passes, its neighbour port does not', () => {
    const isAllowed = (host: string, port: number) => host === '127.0.0.1' && port === 9000;
    expect(parseTarget('http://127.1:9000/x', { isAllowed }).url).toBe('http://127.0.0.1:9000/x');
    expect(() => parseTarget('http://127.0.0.1:9001', { isAllowed })).toThrow(/not a public/);
  });

  test('no spelling of a private IPv4 address gets through', () => {
    const octet = fc.integer({ min: 0, max: 255 });
    const isPrivate = fc.oneof(
      fc.tuple(fc.constant(127), octet, octet, octet),
      fc.tuple(fc.constant(10), octet, octet, octet),
    );
    const spell = (n: number, base: number) =>
      base === 16 ? `0x${n.toString(16)}` : base === 8 ? `0${n.toString(8)}` : `${n}`;
    fc.assert(
      fc.property(
        isPrivate,
        fc.constantFrom(8, 10, 16),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom('', '.'),
        ([a, b, c, d], base, parts, dot) => {
          const tail =
            [
              [((a * 256 + b) * 256 + c) * 256 + d],
              [a, (b * 256 + c) * 256 + d],
              [a, b, c * 256 + d],
              [a, b, c, d],
            ][parts - 1] ?? [];
          expect(codeOf(`http://${tail.map((n) => spell(n, base)).join('.')}${dot}/`)).toBe(
            'url_target_forbidden',
          );
        },
      ),
    );
  });

  const addressLike = fc.constantFrom(...':/@.#?[]%\\ 0129abxhtps', 'http://', '.com');
  test('whatever it is given, it answers with a URL that passes again or with one of its codes', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ unit: addressLike })),
        (input) => {
          const answer = codeOf(input);
          if (!answer.includes(':')) expect(answer).toMatch(/^(url_|identifier_invalid)/);
          else expect(codeOf(answer)).toBe(answer);
        },
      ),
    );
  });
});

test('canonicalHost gives one spelling to a host and none to what is no host', () => {
  expect(canonicalHost('2130706433')).toBe('127.0.0.1');
  expect(canonicalHost('::1')).toBe('::1');
  expect(canonicalHost('[::1]')).toBe('::1');
  expect(canonicalHost('Example.com..')).toBe('example.com');
  for (const text of ['', '.', 'a/b', 'a@b', 'a:80', 'a b', 'a?b']) expect(canonicalHost(text)).toBeNull();
});
