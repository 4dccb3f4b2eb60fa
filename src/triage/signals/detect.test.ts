import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ImageFact, NoticeFact } from '../../sites/page/facts.ts';
import { loadPlaybooks } from '../playbooks/load.ts';
import { SIGNAL_CODES, type SignalCode } from './codes.ts';
import { detectSignals } from './detect.ts';
import { compareVersions } from './detect-technology.ts';
import { audit, detectorInput, ELEMENT, lighthouseFacts } from './testing.ts';

type Change = Parameters<typeof detectorInput>[0];

const found = (code: SignalCode, change: Change = {}) =>
  detectSignals(detectorInput(change)).find((signal) => signal.code === code)!;
const detected = (code: SignalCode, change: Change = {}) => found(code, change).detected;

test('a sound site has no signal, and what was not measured is not told', () => {
  const signals = detectSignals(detectorInput());
  expect(signals.map((signal) => signal.code)).toEqual(SIGNAL_CODES);
  expect(signals.filter((signal) => signal.detected === true)).toEqual([]);
  expect(signals.filter((signal) => signal.detected === null).map((signal) => signal.code)).toEqual([
    'pagespeed_below_50',
    'broken_links',
    'images_without_alt',
    'accessibility_serious',
  ]);
});

test('every detected signal says why in a sentence', () => {
  const input = detectorInput({
    view: { title: '', meta_description: null, meta_viewport: null, h1: [], contacts: [] },
  });
  const found = detectSignals(input).filter((signal) => signal.detected === true);
  expect(found).toHaveLength(5);
  for (const signal of found) expect(signal.evidence[0]?.text).toMatch(/^[A-Z].*\.$/);
});

describe('the connection', () => {
  const ssl = SIGNAL_CODES.filter((code) => code.startsWith('ssl_'));

  test('never has more than one fault', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('none', 'valid', 'expired', 'invalid'),
        fc.date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }),
        fc.constantFrom('http:', 'https:'),
        (state, validTo, scheme) => {
          const certificate = {
            state,
            reason: null,
            valid_to: validTo.toISOString(),
            issuer: null,
            subject: null,
          } as const;
          const fetch = { certificate, final_url: `${scheme}//acme.example/` };
          const found = detectSignals(detectorInput({ fetch })).filter(
            (signal) => ssl.includes(signal.code) && signal.detected === true,
          );
          return found.length <= 1;
        },
      ),
    );
  });

  test.each([
    ['2026-12-21T12:00:00Z', true],
    ['2026-12-21T12:00:01Z', false],
    ['2026-11-22T00:00:00Z', true],
  ])('expires soon within 30 days: %s', (validTo, expected) => {
    const certificate = {
      state: 'valid',
      reason: null,
      valid_to: validTo,
      issuer: null,
      subject: null,
    } as const;
    expect(detected('ssl_expiring', { fetch: { certificate } })).toBe(expected);
  });

  test('is missing when the final page is http', () => {
    expect(detected('ssl_missing', { fetch: { final_url: 'http://acme.example/' } })).toBe(true);
    expect(
      detected('mixed_content', {
        fetch: { final_url: 'http://acme.example/' },
        events: { mixed_content: [{ url: 'http://a/', resource_type: 'image' }] },
      }),
    ).toBe(false);
  });
});

describe('the connection of a page that a script leads on', () => {
  const at = (fetched: string, shown: string) => {
    const input = detectorInput({
      fetch: {
        final_url: fetched,
        certificate: { state: 'expired', reason: null, valid_to: null, issuer: null, subject: null },
      },
    });
    const page = { ...input.page, final_url: shown };
    const signals = detectSignals({ ...input, page }).filter(({ code }) => code.startsWith('ssl_'));
    return Object.fromEntries(signals.map(({ code, detected }) => [code.slice(4), detected]));
  };
  const unknown = { missing: false, invalid: null, expired: null, expiring: null };

  test('is missing only when it ends on http', () => {
    const missing = { missing: true, invalid: false, expired: false, expiring: false };
    expect(at('https://acme.example/', 'http://acme.example/')).toEqual(missing);
    expect(at('http://acme.example/', 'https://acme.example/')).toEqual(unknown);
  });

  test('is judged by the certificate of its own host, and unknown where that was not seen', () => {
    expect(at('https://acme.example/', 'https://www.acme.example/')).toEqual(unknown);
    const same = at('https://acme.example/', 'https://acme.example/en');
    expect(same).toEqual({ missing: false, invalid: false, expired: true, expiring: false });
  });
});

describe('the phone', () => {
  test.each([
    [{ meta_viewport: null }, true],
    [{ meta_viewport: '' }, true],
    [{ meta_viewport: 'width=1024' }, true],
    [{ meta_viewport: 'initial-scale=1' }, false],
    [{ meta_viewport: 'width=device-width' }, false],
    [{ meta_viewport: 'width=320' }, false],
    [{ page_width: 391 }, false],
    [{ page_width: 392 }, true],
  ])('%o', (phone, expected) => {
    expect(detected('not_mobile_responsive', { phone })).toBe(expected);
  });

  test('small targets are evidence, never enough alone', () => {
    const lighthouse = lighthouseFacts({ 'target-size': audit(0, { item_count: 9 }) });
    expect(detected('not_mobile_responsive', { input: { lighthouse } })).toBe(false);
  });

  test.each([
    [200, 'width=device-width', false, false],
    [200, null, true, true],
    [190, null, true, false],
  ])(
    'small text (%i of 1000, viewport %s) is evidence from a fifth on, never enough alone',
    (characters, meta_viewport, expected, said) => {
      const small_text = { characters, of: 1000, elements: [ELEMENT] };
      const finding = found('not_mobile_responsive', { phone: { meta_viewport, small_text } });
      expect(finding.detected).toBe(expected);
      const evidence = finding.evidence.find(({ text }) => text.includes('20 % of the text'));
      expect(evidence?.region ?? null).toEqual(said ? { screenshot: 'phone', ...ELEMENT.rect } : null);
    },
  );
});

test('what was not found on a page too large to be read to its end cannot be told', () => {
  const view = { truncated: true, contacts: [], h1: [] };
  const cut = ['contact_missing', 'h1_missing', 'copyright_outdated', 'placeholder_text'] as const;
  expect(cut.map((code) => detected(code, { view }))).toEqual([null, null, null, null]);
  expect(cut.map((code) => detected(code, { view: { ...view, truncated: false } }))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test('descriptions of pictures cannot be told when their check failed', () => {
  const lighthouse = (mode: string) => lighthouseFacts({ 'image-alt': audit(null, { mode }) });
  expect(detected('images_without_alt', { input: { lighthouse: lighthouse('error') } })).toBe(null);
  expect(detected('images_without_alt', { input: { lighthouse: lighthouse('notApplicable') } })).toBe(false);
});

describe('the notice', () => {
  const notice = (text: string, change: Partial<NoticeFact> = {}): NoticeFact => ({
    ...ELEMENT,
    text,
    in_footer: true,
    in_credit: false,
    ...change,
  });

  test.each([
    ['2023 is older than two years before 2026', [notice('© 2023 Acme')], true],
    ['2024 is not', [notice('© 2024 Acme')], false],
    ['the latest of several counts', [notice('© 2015 Acme'), notice('© 2025 Acme')], false],
    ['a credit does not count', [notice('© 2015 Acme', { in_credit: true })], false],
    [
      'the footer counts before the rest',
      [notice('© 2026 Guest', { in_footer: false }), notice('© 2015 Acme')],
      true,
    ],
    ['none is no fault', [], false],
  ])('%s', (_name, notices, expected) => {
    expect(detected('copyright_outdated', { view: { notices } })).toBe(expected);
  });
});

describe('pictures', () => {
  const image = (change: Partial<ImageFact> = {}): ImageFact => ({
    ...ELEMENT,
    url: 'https://acme.example/a.png',
    complete: true,
    natural_width: 0,
    visible: true,
    decodes: false,
    alt: 'a',
    ...change,
  });
  const answer = (status: number) => [
    { url: 'https://acme.example/a.png', resource_type: 'image', status, mime: null },
  ];

  test.each([
    ['not found', image(), answer(404), true],
    ['no picture behind a good answer', image(), answer(200), true],
    ['loaded', image({ natural_width: 9, decodes: null }), answer(200), false],
    ['a drawing without size', image({ decodes: true }), answer(200), false],
    ['not asked for yet', image({ complete: false, decodes: null }), [], false],
    ['hidden', image({ visible: false }), answer(404), false],
    ['without an address of its own', image({ url: 'https://acme.example/#' }), [], false],
    ['a stranger’s server that we could not reach', image({ url: 'https://else.example/a.png' }), [], null],
    [
      'refused by our own proxy',
      image({ url: 'https://else.example/a.png' }),
      [{ ...answer(593)[0]!, url: 'https://else.example/a.png' }],
      null,
    ],
  ])('%s', (_name, one, responses, expected) => {
    expect(detected('broken_images', { view: { images: [one] }, events: { responses } })).toBe(expected);
  });

  test('without description are told by Lighthouse alone', () => {
    expect(
      detected('images_without_alt', { input: { lighthouse: lighthouseFacts({ 'image-alt': audit(0) }) } }),
    ).toBe(true);
    expect(
      detected('images_without_alt', {
        input: { lighthouse: lighthouseFacts({ 'image-alt': audit(null) }) },
      }),
    ).toBe(false);
  });
});

describe('links', () => {
  const link = (outcome: 'ok' | 'broken' | 'unknown') => ({
    url: 'https://acme.example/x',
    status: null,
    outcome,
    reason: null,
  });

  test.each([
    [[link('broken'), link('ok')], true],
    [[link('ok'), link('unknown')], false],
    [[link('unknown')], null],
    [[link('ok'), link('unknown'), link('unknown')], null],
    [[], false],
    [null, null],
  ])('%o', (links, expected) => {
    expect(detected('broken_links', { input: { links } })).toBe(expected);
  });
});

describe('errors of the console', () => {
  const error = (text: string, url: string | null = null) => ({ text, url, line: null });

  test.each([
    ['TypeError: x is not a function', null, true],
    [
      'Failed to load resource: the server responded with a status of 404 ()',
      'https://acme.example/a.js',
      true,
    ],
    [
      'Failed to load resource: the server responded with a status of 404 ()',
      'https://acme.example/favicon.ico',
      false,
    ],
    ['Failed to load resource: net::ERR_TUNNEL_CONNECTION_FAILED', 'https://fonts.example/a.css', false],
    [
      'Failed to load resource: the server responded with a status of 593 ()',
      'http://fonts.example/a.css',
      false,
    ],
  ])('%s at %s', (text, url, expected) => {
    expect(detected('console_errors', { events: { console_errors: [error(text, url)] } })).toBe(expected);
  });

  test('uncaught ones count too, and Lighthouse is believed where it answered', () => {
    expect(detected('console_errors', { events: { page_errors: [{ text: 'Error: x' }] } })).toBe(true);
    const lighthouse = lighthouseFacts({ 'errors-in-console': audit(1) });
    expect(
      detected('console_errors', { events: { page_errors: [{ text: 'x' }] }, input: { lighthouse } }),
    ).toBe(false);
  });
});

describe('insecure parts', () => {
  const part = (resource_type: string) => ({ url: 'http://acme.example/a', resource_type });

  test('count when they are loaded, not when a form leads there', () => {
    expect(detected('mixed_content', { events: { mixed_content: [part('image')] } })).toBe(true);
    expect(detected('mixed_content', { events: { mixed_content: [part('form')] } })).toBe(false);
  });

  test('are shown where they stand on the page', () => {
    const events = {
      mixed_content: [part('image'), { url: 'http://acme.example/b.js', resource_type: 'script' }],
    };
    const script = { ...ELEMENT, selector: 'head > script', rect: null, url: 'http://acme.example/b.js' };
    const insecure_parts = [script, { ...ELEMENT, selector: '#a', url: 'http://acme.example/a' }];
    expect(found('mixed_content', { events, view: { insecure_parts } }).evidence).toMatchObject([
      { selector: '#a', region: { screenshot: 'desktop', ...ELEMENT.rect } },
      { selector: 'head > script', region: null },
    ]);
    expect(found('mixed_content', { events }).evidence).toMatchObject([
      { selector: null },
      { selector: null },
    ]);
  });
});

describe('technology', () => {
  const technologies = loadPlaybooks()[0]!.technologies;
  const uses = (id: string, version: string | null): Change => ({
    view: { technologies: [{ id, version, source: 'runtime', detail: 'd', selector: null }] },
    input: { technologies },
  });

  test.each([
    ['jquery', '2.2.4', true],
    ['jquery', '3.0.0', false],
    ['bootstrap', '3.4.1', true],
    ['bootstrap', '4.0.0', false],
    ['angularjs', '1.8.3', true],
    ['wordpress', '5.9.9', true],
    ['wordpress', '6.0', false],
    ['drupal', null, false],
    ['flash', null, true],
    ['unheard-of', '0.1', false],
  ])('%s %s', (id, version, expected) => {
    expect(detected('outdated_technology', uses(id, version))).toBe(expected);
  });

  test.each([
    [{ 'x-powered-by': 'PHP/7.4.33' }, true],
    [{ 'x-powered-by': 'PHP/8.2.1' }, false],
    [{ server: 'Apache/2.2.15 (CentOS) PHP/5.3.3' }, true],
    [{ server: 'nginx' }, false],
    [{ server: 'Apache/2.4.57' }, false],
  ])('%o', (headers, expected) => {
    expect(detected('outdated_technology', { fetch: { headers }, input: { technologies } })).toBe(expected);
  });

  test('versions are compared by their parts', () => {
    expect(['1.10', '1.9', '2', '1.9.0.1'].toSorted(compareVersions)).toEqual([
      '1.9',
      '1.9.0.1',
      '1.10',
      '2',
    ]);
  });
});

test('a heading, a title and a description count only with words in them', () => {
  const h1 = (text: string, rendered: boolean) => [{ ...ELEMENT, text, rendered }];
  expect(detected('h1_missing', { view: { h1: h1('', true) } })).toBe(true);
  expect(detected('h1_missing', { view: { h1: h1('Acme', false) } })).toBe(true);
  expect(detected('h1_missing', { view: { h1: h1('Acme', false) }, phone: { h1: h1('Acme', true) } })).toBe(
    false,
  );
  expect(detected('title_missing', { view: { title: '  ' } })).toBe(true);
  expect(detected('meta_description_missing', { view: { meta_description: '' } })).toBe(true);
});

test('barriers count when Lighthouse calls them serious or critical', () => {
  const of = (impact: string, score: number) =>
    detected('accessibility_serious', {
      input: { lighthouse: lighthouseFacts({ label: audit(score, { impact }) }) },
    });
  expect([of('critical', 0), of('serious', 0), of('moderate', 0), of('serious', 1)]).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

describe('the element that Lighthouse names', () => {
  const own = (selector: string, snippet: string) => ({ ...ELEMENT, selector, snippet });
  const parts = [
    own('#a', '<p class="pale">First words'),
    own('#b', '<p class="pale">Second words of it'),
    own('#c', '<a href="/x?a=1&b=2" class="icon">'),
    own('#d', '<input type="text" name="mail">'),
    own('#e', '<b>Same</b>'),
    own('#f', '<b>Same</b>'),
  ];
  const regionOf = (snippet: string, label: string | null) => {
    const items = [{ selector: 'p', snippet, label, url: null, text: null, rect: null }];
    const lighthouse = lighthouseFacts({ label: audit(0, { impact: 'serious', items }) });
    const [evidence] = found('accessibility_serious', { phone: { parts }, input: { lighthouse } }).evidence;
    return evidence?.region ? evidence.selector : null;
  };

  test.each([
    ['<p class="pale">', 'SECOND WORDS OF IT', '#b'],
    ['<a href="/x?a=1&amp;b=2" class="icon">', null, '#c'],
    ['<input type="text" name="mail">', 'body > input', '#d'],
    ['<p class="pale">', 'Third words', null],
    ['<p class="dark">', 'First words', null],
    ['<b>', 'Same', null],
    ['<input type="text">', null, null],
    ['', null, null],
  ])('%s with the words "%s" is %s of our own page', (snippet, label, selector) => {
    expect(regionOf(snippet, label)).toBe(selector);
  });

  test('is found in linear time whatever a page writes', () => {
    const hostile = `<p ${' a="'.repeat(50_000)}`;
    const startedAt = performance.now();
    expect(regionOf(hostile, 'x'.repeat(100_000))).toBe(null);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

test('a phone number at either viewport is enough', () => {
  const contacts = [{ ...ELEMENT, kind: 'text' as const, text: 'Tel. 0511 123456' }];
  expect(detected('contact_missing', { view: { contacts: [] }, phone: { contacts } })).toBe(false);
  expect(detected('contact_missing', { view: { contacts }, phone: { contacts: [] } })).toBe(false);
  expect(detected('contact_missing', { view: { contacts: [] } })).toBe(true);
});
