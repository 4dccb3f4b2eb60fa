import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'cheerio';
import { describe, expect, test } from 'vitest';
import { holdMessages } from '../../../tests/support/hold-messages.ts';
import { RUN_HOLD_CODES, SITE_HOLD_CODES } from '../../kernel/holds.ts';
import { choosePlaybook } from '../playbooks/choose.ts';
import { loadPlaybooks } from '../playbooks/load.ts';
import { score } from '../scoring/rules.ts';
import { accessibilityWords } from '../signals/accessibility-words.ts';
import { SIGNAL_CODES } from '../signals/codes.ts';
import { detectSignals } from '../signals/detect.ts';
import type { DetectorInput } from '../signals/types.ts';
import { renderReport } from './render.ts';
import { spellOut } from './spell-out.ts';
import { reportModel } from './testing.ts';

const HOLD_CODES = [...SITE_HOLD_CODES, ...RUN_HOLD_CODES];
/** Abbreviations that a shop owner would have to look up. */
const JARGON =
  /\b(?:LCP|CLS|TBT|FCP|FID|INP|TTI|SI|SSL|TLS|DNS|SEO|WCAG|ARIA|DOM|HTML|CSS|JS|API|URL|HTTPS?|CA|CN|SAN|TTFB|CDN|CMS|H1)\b/;

/** A code of a program, such as `net::ERR_FAILED`; the one setting that a sentence tells to change is none. */
const CODE = /\b(?!CHROMIUM_PATH\b)[A-Z][A-Z0-9]*_[A-Z0-9_]+\b|\bnet::/;
const HELD = {
  score: null,
  decision: null,
  signals: [],
  lighthouse: null,
  summary: null,
  screenshots: { phone: null, desktop: null },
};

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
    renderReport(
      reportModel({ decided_by: 'person', reasons: ['Decided by a person: qualified. I know them.'] }),
    ),
  ],
  ...HOLD_CODES.map((code): [string, string] => [
    `held with ${code}`,
    renderReport(
      reportModel({
        ...HELD,
        hold: {
          code,
          message: 'DNS has no answer for this URL; the TLS certificate could not be read over HTTPS.',
        },
      }),
    ),
  ]),
  ...holdMessages().map((message): [string, string] => [
    `held with "${message}"`,
    renderReport(reportModel({ ...HELD, hold: { code: 'internal_error', message } })),
  ]),
  ...['hartleys-plumbing', 'kestrel-joinery'].map((site): [string, string] => [
    `of what was found on ${site}`,
    renderReport(scannedModel(site)),
  ]),
];

/** What the detectors and the rules say of facts that the real scanner has stored. */
function scannedModel(site: string) {
  const path = join(import.meta.dirname, `../../../tests/support/facts/${site}.json`);
  const facts = JSON.parse(readFileSync(path, 'utf8')) as Omit<DetectorInput, 'now' | 'technologies'>;
  const playbook = choosePlaybook(loadPlaybooks(), null);
  const now = new Date(facts.fetch.fetched_at);
  const found = detectSignals({ ...facts, now, technologies: playbook.technologies });
  const scored = score(found, playbook);
  const signals = found.map((signal, index) => ({ ...signal, points: scored.signals[index]?.points ?? 0 }));
  const { lighthouse } = facts;
  return reportModel({ signals, lighthouse, reasons: scored.reasons, score: scored.score });
}

describe('the text of a report', () => {
  test.each(reports)('%s: has no code and no abbreviation of the trade', (_name, html) => {
    const text = readable(html);
    for (const code of [...SIGNAL_CODES, ...HOLD_CODES]) {
      if (code.includes('_')) expect(text).not.toContain(code);
    }
    expect(text.match(JARGON)?.[0] ?? null).toBe(null);
    expect(text.match(CODE)?.[0] ?? null).toBe(null);
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

test('the messages that are checked are those of the source, the holds of every way of a scan among them', () => {
  const all = holdMessages().join('\n');
  for (const known of [
    'It ends the connection'.toLowerCase(),
    'showed nothing while it was measured',
    'resolves to an address that is not public',
    'refuses connections',
    'leads to something',
    'login form',
    'An operator ended the run',
    'cancelled before it ended',
    'have its sandbox',
  ])
    expect(all).toContain(known);
});
