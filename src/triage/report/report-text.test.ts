import { load } from 'cheerio';
import { describe, expect, test } from 'vitest';
import { RUN_HOLD_CODES, SITE_HOLD_CODES } from '../../kernel/holds.ts';
import { accessibilityWords } from '../signals/accessibility-words.ts';
import { SIGNAL_CODES } from '../signals/codes.ts';
import { renderReport } from './render.ts';
import { spellOut } from './spell-out.ts';
import { reportModel } from './testing.ts';

const HOLD_CODES = [...SITE_HOLD_CODES, ...RUN_HOLD_CODES];
/** Abbreviations that a shop owner would have to look up. */
const JARGON =
  /\b(?:LCP|CLS|TBT|FCP|FID|INP|TTI|SI|SSL|TLS|DNS|SEO|WCAG|ARIA|DOM|HTML|CSS|JS|API|URL|HTTPS?|CA|CN|SAN|TTFB|CDN|CMS|H1)\b/;

/** What a reader reads: code samples are quotations, and so is what stands in quotation marks. */
function readable(html: string): string {
  const $ = load(html);
  $('style, code').remove();
  $('p, li, h1, h2, h3, dt, dd, td, th, small, strong, figcaption, title').append(' ');
  const labels = $('[aria-label]')
    .map((_, element) => $(element).attr('aria-label'))
    .get();
  return `${$('html').text()} ${labels.join(' ')}`.replace(/“[^”]*”/g, '').replace(/\s+/g, ' ');
}

const reports: [string, string][] = [
  ['with every fault', renderReport(reportModel())],
  ['without a fault', renderReport(reportModel({ score: 0, decision: 'disqualified' }, false))],
  ['with nothing told', renderReport(reportModel({ lighthouse: null, summary: null }, null))],
  ['waiting for a person', renderReport(reportModel({ awaiting_until: new Date('2026-11-24T09:30:00Z') }))],
  [
    'decided by a person',
    renderReport(reportModel({ decided_by: 'person', decision_reason: 'I know them.' })),
  ],
  ...HOLD_CODES.map((code): [string, string] => [
    `held with ${code}`,
    renderReport(
      reportModel({
        hold: {
          code,
          message: 'DNS has no answer for this URL; the TLS certificate could not be read over HTTPS.',
        },
        score: null,
        decision: null,
        signals: [],
        lighthouse: null,
        summary: null,
        screenshots: { phone: null, desktop: null },
      }),
    ),
  ]),
];

describe('the text of a report', () => {
  test.each(reports)('%s: has no code and no abbreviation of the trade', (_name, html) => {
    const text = readable(html);
    for (const code of [...SIGNAL_CODES, ...HOLD_CODES]) {
      if (code.includes('_')) expect(text).not.toContain(code);
    }
    expect(text.match(JARGON)?.[0] ?? null).toBe(null);
    expect(text).not.toMatch(/undefined|NaN|\[object/);
  });

  test('says for every signal what is wrong, why it matters and what helps', () => {
    const $ = load(renderReport(reportModel()));
    expect($('.finding')).toHaveLength(SIGNAL_CODES.length);
    $('.finding').each((_, card) => {
      expect($(card).find('h3').text().length).toBeGreaterThan(10);
      expect($(card).find('.why').text().length).toBeGreaterThan(20);
      expect($(card).find('.help').text().length).toBeGreaterThan(20);
    });
  });

  test('lists findings by weight', () => {
    const $ = load(renderReport(reportModel()));
    const points = $('.points')
      .map((_, one) => Number.parseInt($(one).text(), 10))
      .get();
    expect(points).toEqual(points.toSorted((a, b) => b - a));
  });
});

test('what other parts of the product say is spelled out too, quotations stay', () => {
  expect(spellOut('The SSL certificate of “SSL Shop” is bad.')).toBe(
    'The security certificate of “SSL Shop” is bad.',
  );
  for (const rule of ['color-contrast', 'aria-roles', 'made-up'])
    expect(accessibilityWords(rule)).not.toMatch(JARGON);
});

test.each([
  'https://acme.example/locations/CA/san-jose-CA.html',
  '(https://acme.example/DNS/?q=IP)',
  '/wp-content/HTTP/URL.js',
  'acme.example/SSL/CN',
  'TLS.js',
])('the address %s stays as it is, and the words around it are spelled out', (address) => {
  expect(spellOut(`SSL certificate at ${address}, says DNS.`)).toBe(
    `security certificate at ${address}, says the directory of names on the internet.`,
  );
});
