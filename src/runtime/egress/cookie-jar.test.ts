import { expect, test } from 'vitest';
import { createCookieJar } from './cookie-jar.ts';

const NOW = new Date('2026-11-24T12:00:00Z');

/** What is sent to `to` after an answer of `from`. */
function sent(from: string, setCookies: string[], to: string): string | null {
  const jar = createCookieJar();
  jar.store(new URL(from), setCookies, NOW);
  return jar.headerFor(new URL(to));
}

test.each([
  ['http://a.example/', 'k=v', 'http://a.example/x', 'k=v'],
  ['http://a.example/', 'k=v; Path=/shop', 'http://a.example/shop/1', 'k=v'],
  ['http://a.example/', 'k=v; Path=/shop', 'http://a.example/shopping', null],
  ['http://a.example/de/start', 'k=v', 'http://a.example/en', null],
  ['http://a.example/', 'k=v', 'http://www.a.example/', null],
  ['http://a.example/', 'k=v; Domain=a.example', 'http://www.a.example/', 'k=v'],
  ['http://www.a.example/', 'k=v; Domain=.a.example', 'http://a.example/', 'k=v'],
  ['http://a.example/', 'k=v; Domain=b.example', 'http://b.example/', null],
  ['http://a.example/', 'k=v; Domain=example', 'http://b.example/', null],
  ['http://93.184.216.34/', 'k=v; Domain=184.216.34', 'http://184.216.34/', null],
  ['https://a.example/', 'k=v; Secure', 'http://a.example/', null],
  ['https://a.example/', 'k=v; Secure', 'https://a.example/', 'k=v'],
  ['http://a.example/', 'k=v; Max-Age=0', 'http://a.example/', null],
  ['http://a.example/', 'k=v; Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'http://a.example/', null],
  ['http://a.example/', 'k=v; Expires=Thu, 01 Jan 2099 00:00:00 GMT', 'http://a.example/', 'k=v'],
  ['http://a.example/', 'k=a b"c', 'http://a.example/', 'k=a b"c'],
  ['http://a.example/', 'k=ü', 'http://a.example/', null],
  ['http://a.example/', 'nothing', 'http://a.example/', null],
])('%s sets "%s": %s is sent %s', (from, text, to, expected) => {
  expect(sent(from, [text], to)).toBe(expected);
});

test('a later cookie of the same name takes the place of the first', () => {
  expect(sent('http://a.example/', ['k=1', 'k=2', 'j=3'], 'http://a.example/')).toBe('k=2; j=3');
});

test('a site cannot fill the jar', () => {
  const many = Array.from({ length: 10_000 }, (_, n) => `c${n}=${'x'.repeat(1_000)}`);
  expect(sent('http://a.example/', many, 'http://a.example/')?.length).toBeLessThan(9_000);
  expect(sent('http://a.example/', [`k=${'x'.repeat(5_000)}`], 'http://a.example/')).toBeNull();
});
