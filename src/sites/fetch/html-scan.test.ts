import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeHtml } from './charset.ts';
import { countStartTags, scanHtml } from './html-scan.ts';
import { metaRefreshTarget } from './meta-refresh.ts';

test('tags, title, text and inline scripts are told apart', () => {
  const scan = scanHtml(`<!doctype html><HTML lang=de><title>A &amp; B</title><!-- <h1>no</h1> -->
    <body><h1 class='x>y' ID="top">Hello&nbsp;<b>world</b></h1><script src="/a.js">var a = "<p>no</p>";</script>
    <noscript><p>no</p></noscript><a href="/x?a=1&amp;b=2">link</a> 1 < 2`);
  expect(scan.title).toBe('A & B');
  expect(scan.runs.join(' ')).toBe('Hello world link 1 2');
  expect(scan.scripts).toContain('var a');
  expect(scan.tags.map(({ name }) => name)).toEqual([
    'html',
    'title',
    'body',
    'h1',
    'b',
    'script',
    'noscript',
    'a',
  ]);
  expect(scan.tags[3]?.attributes).toEqual({ class: 'x>y', id: 'top' });
  expect(scan.tags[7]?.attributes.href).toBe('/x?a=1&b=2');
});

test('letters that grow in lower case do not shift what is cut', () => {
  expect(scanHtml(`${'İ'.repeat(50)}<script>secret</script><p>shown</p>`).runs.at(-1)).toBe('shown');
});

test.each([
  '<b>',
  '<div><p>',
  '<svg>',
  '<noscript>',
  '<a "',
  '<!--',
  '<',
  '<a href="',
  '&#x',
  '<title>',
  '</',
  "<a b='",
])('a hostile page of %j is scanned in a blink', (piece) => {
  const page = piece.repeat(Math.ceil(300_000 / piece.length));
  const startedAt = performance.now();
  scanHtml(page);
  countStartTags(page);
  metaRefreshTarget(scanHtml(page), 'https://example.com/');
  expect(performance.now() - startedAt).toBeLessThan(4_000);
});

test('no input makes it throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'<>/!-"\'= abtiles\u0000&#;x') }), (html) => {
      scanHtml(html);
    }),
  );
});

test('start tags are counted, end tags and comparisons are not', () => {
  expect(countStartTags('<p>1 < 2</p><br/><!-- x --><IMG>')).toBe(3);
});

test.each([
  ['<meta http-equiv=refresh content="0;url=/home">', 'https://example.com/home'],
  ['<META HTTP-EQUIV="Refresh" CONTENT="5; URL=\'http://10.0.0.1/\'">', 'http://10.0.0.1/'],
  ['<base href="https://other.test/x/"><meta http-equiv="refresh" content="1, y">', 'https://other.test/x/y'],
  ['<meta http-equiv="refresh" content="0; url=file:///etc/passwd">', 'file:///etc/passwd'],
  ['<meta http-equiv="refresh" content="6;url=/home">', null],
  ['<meta http-equiv="refresh" content="300">', null],
  ['<meta http-equiv="refresh" content="0;url=#top">', null],
  ['<meta http-equiv="refresh" content="0;url=https://example.com/">', null],
  ['<noscript><meta http-equiv="refresh" content="0;url=/no-script"></noscript>', null],
  ['<!-- <meta http-equiv="refresh" content="0;url=/old"> -->', null],
  ['<meta name="refresh" content="0;url=/home">', null],
])('%s leads to %s', (html, target) => {
  expect(metaRefreshTarget(scanHtml(html), 'https://example.com/')).toBe(target);
});

test('bytes become text by mark, header, meta element, or a guess', () => {
  const latin = Buffer.from('caf\xe9', 'latin1');
  expect(decodeHtml(latin, 'text/html; charset=ISO-8859-1')).toBe('café');
  expect(decodeHtml(latin, 'text/html')).toBe('café');
  expect(decodeHtml(Buffer.from('café'), 'text/html')).toBe('café');
  expect(decodeHtml(Buffer.from('\ufeffcafé'), 'text/html; charset=latin1')).toBe('café');
  expect(decodeHtml(Buffer.from('\ufeffcafé', 'utf16le'), undefined)).toBe('café');
  const page = '<meta http-equiv="content-type" content="text/html; charset=windows-1251">\xcf\xf0\xe8';
  expect(decodeHtml(Buffer.from(page, 'latin1'), 'text/html')).toContain('При');
  expect(decodeHtml(Buffer.from('<meta charset="utf-16">ok'), 'text/html')).toContain('ok');
  expect(decodeHtml(latin, 'text/html; charset=no-such-thing')).toBe('café');
});
