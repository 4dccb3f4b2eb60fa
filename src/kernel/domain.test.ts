import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalDomain } from './domain.ts';

describe('canonicalDomain', () => {
  test.each([
    ['https://www.Example.COM/', 'example.com'],
    ['http://example.com', 'example.com'],
    ['example.com/about?x=1#y', 'example.com'],
    ['https://example.com.', 'example.com'],
    ['https://www.com', 'www.com'],
    ['https://www.co.uk/x', 'co.uk'],
    ['https://www2.example.com', 'www2.example.com'],
    ['https://bücher.example', 'xn--bcher-kva.example'],
    ['https://BÜCHER.example', 'xn--bcher-kva.example'],
    ['https://example.com:443', 'example.com'],
    ['http://example.com:80', 'example.com'],
    ['https://www.example.com:8443/a', 'example.com:8443'],
    ['example.com:8080', 'example.com:8080'],
    ['https://joe.github.io/site', 'joe.github.io'],
    ['https://joes-bakery.business.site/menu', 'joes-bakery.business.site'],
    ['https://joe.wixsite.com/Bakery/menu', 'joe.wixsite.com/bakery'],
    ['https://www.facebook.com/JoesBakery/photos?tab=1', 'facebook.com/joesbakery'],
    ['https://facebook.com/', 'facebook.com'],
    ['https://www.facebook.com/pages/Joes/123/', 'facebook.com/pages/joes/123'],
    ['https://facebook.com/profile.php?id=42&ref=x', 'facebook.com/profile.php?id=42'],
    ['https://facebook.com/constructor', 'facebook.com/constructor'],
    ['https://sites.google.com/view/joes/home', 'sites.google.com/view/joes'],
    ['https://www.linkedin.com/company/joes/about', 'linkedin.com/company/joes'],
    ['https://www.youtube.com/channel/UC1/videos', 'youtube.com/channel/uc1'],
    ['https://notfacebook.com/joe', 'notfacebook.com'],
  ])('%s is known as %s', (url, domain) => {
    expect(canonicalDomain(url)).toBe(domain);
  });

  test.each(['', 'https://', 'http://a b.example', 'https://exa%mple.com'])('%j is refused', (url) => {
    expect(() => canonicalDomain(url)).toThrow(expect.objectContaining({ code: 'url_invalid' }));
  });

  test('a name that no index could hold is refused', () => {
    const id = '%3A%2B%24'.repeat(300);
    expect(() => canonicalDomain(`https://facebook.com/profile.php?id=${id}`)).toThrow(
      expect.objectContaining({ code: 'url_invalid' }),
    );
  });

  const host = fc.domain();
  const anyHost = fc.oneof(
    host,
    fc.constantFrom('facebook.com', 'm.facebook.com', 'sites.google.com', 'youtube.com'),
  );
  const path = fc.webPath();

  test('a canonical name is its own canonical name', () => {
    fc.assert(
      fc.property(
        anyHost,
        fc.constantFrom('', ':80', ':443', ':8443'),
        path,
        fc.webQueryParameters(),
        (name, port, rest, query) => {
          const once = canonicalDomain(`http://www.${name}${port}${rest}?${query}`);
          expect(canonicalDomain(once)).toBe(once);
        },
      ),
    );
  });

  test('scheme, www and letter case never make a second site', () => {
    fc.assert(
      fc.property(host, path, (name, rest) => {
        const plain = canonicalDomain(`https://${name}${rest}`);
        expect(canonicalDomain(`http://www.${name.toUpperCase()}`)).toBe(plain);
        expect(canonicalDomain(name)).toBe(plain);
      }),
    );
  });
});
