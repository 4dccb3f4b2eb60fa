import { load } from 'cheerio';
import { describe, expect, test } from 'vitest';
import { SIGNAL_CODES } from '../signals/codes.ts';
import { imageSize } from './image-size.ts';
import { renderReport } from './render.ts';
import { plainPng, reportModel } from './testing.ts';

const ATTACK = '<script>alert(1)</script><img src=x onerror=alert(1)>"\'&\u202Egpj.exe\u0000';

describe('a report', () => {
  test('is one file: no script, no link, no address that a browser would ask', () => {
    const html = renderReport(reportModel());
    const $ = load(html);
    expect($('script, link, iframe, object, form, base, a').length).toBe(0);
    expect($('meta[http-equiv="Content-Security-Policy"]').attr('content')).toContain("default-src 'none'");
    const sources = $('[src], [href]')
      .map((_, one) => $(one).attr('src') ?? $(one).attr('href'))
      .get();
    for (const source of sources) expect(source).toMatch(/^(?:data:image\/|#)/);
    expect(html).not.toMatch(/url\(|@import|\son\w+=/);
  });

  test('escapes whatever a stranger wrote, wherever it shows', () => {
    const evidence = [{ selector: ATTACK, snippet: ATTACK, region: null, text: ATTACK }];
    const model = reportModel({
      name: ATTACK,
      requested_url: ATTACK,
      final_url: ATTACK,
      reasons: [ATTACK],
      summary: { text: ATTACK, generated_by: ATTACK },
      signals: SIGNAL_CODES.map((code) => ({ code, detected: true, value: ATTACK, evidence, points: 1 })),
    });
    const html = renderReport(model);
    const $ = load(html);
    expect($('script, img').length).toBe(0);
    expect(html).not.toContain('\u202E');
    expect(html).not.toContain('\u0000');
    expect($('h1').text()).toContain('<script>alert(1)</script>');
  });

  test('escapes the message of a hold', () => {
    const model = reportModel({ hold: { code: 'unreachable', message: ATTACK }, score: null, signals: [] });
    expect(load(renderReport(model))('script').length).toBe(0);
  });

  test('holds each picture once, however many places show it', () => {
    const html = renderReport(reportModel());
    expect(html.match(/data:image\/png/g)).toHaveLength(2);
    expect(html.match(/<use href="#shot-desktop"/g)?.length).toBeGreaterThan(10);
  });

  test('marks evidence under the number of its finding, inside the picture', () => {
    const $ = load(renderReport(reportModel()));
    const picture = $('.frame.desktop svg');
    expect(picture.attr('viewbox') ?? picture.attr('viewBox')).toBe('0 0 1280 900');
    expect(picture.find('rect').length).toBe(SIGNAL_CODES.length);
    const numbers = picture
      .find('text')
      .map((_, one) => Number($(one).text()))
      .get();
    expect(numbers).toEqual(SIGNAL_CODES.map((_, index) => index + 1));
  });

  test('leaves out marks and close-ups of what lies below the picture', () => {
    const far = { screenshot: 'desktop' as const, x: 0, y: 5_000, width: 10, height: 10 };
    const evidence = [{ selector: null, snippet: null, region: far, text: 'Far below.' }];
    const model = reportModel({
      signals: [{ code: 'h1_missing', detected: true, value: null, evidence, points: 5 }],
    });
    const $ = load(renderReport(model));
    expect($('rect').length).toBe(0);
    expect($('.closeup').length).toBe(0);
  });

  test('says who decided', () => {
    const text = (change: Parameters<typeof reportModel>[0]) =>
      load(renderReport(reportModel(change)))('.who').text();
    expect(text({ decided_by: 'score' })).toContain('Decided by the score');
    const said = (first: string) => [first, 'The score of 72 out of 100 reaches the threshold of 60.'];
    const byPerson = said('Decided by a person: not qualified. They closed.');
    expect(text({ decided_by: 'person', reasons: byPerson })).toBe(byPerson[0]);
    const byExpiry = said('Nobody decided in time, so the side the score fell on counts.');
    expect(text({ decided_by: 'expiry', reasons: byExpiry })).toBe(byExpiry[0]);
    expect(text({ awaiting_until: new Date('2026-11-24T09:30:00Z') })).toContain('24 November 2026');
  });

  test('of a held site says what happened and what to do, and shows no score', () => {
    const hold = { code: 'blocked' as const, message: 'The site shows a bot challenge.' };
    const $ = load(renderReport(reportModel({ hold, score: null, signals: [], decision: null })));
    expect($('.verdict').text()).toContain('What to do');
    expect($('.ring').length).toBe(0);
    expect($('.finding').length).toBe(0);
  });

  test('says how long the scan took in words', () => {
    const $ = load(renderReport(reportModel({ duration_ms: 134_000 })));
    expect($('.made').text()).toContain('The scan took2 minutes 14 seconds');
  });

  test('says whether a model or the offline method wrote the summary', () => {
    const by = (generated_by: string) =>
      load(renderReport(reportModel({ summary: { text: 'x', generated_by } })))('.summary small').text();
    expect(by('offline')).toContain('no language model');
    expect(by('some-model-5')).toContain('some-model-5');
  });
});

describe('imageSize', () => {
  test('reads PNG and JPEG headers and refuses the rest', () => {
    expect(imageSize(plainPng(390, 77))).toEqual({ width: 390, height: 77 });
    const jpeg = Buffer.from(
      'ffd8ffe000104a46494600010100000100010000ffc0001108032005000301220002110103110100',
      'hex',
    );
    expect(imageSize(jpeg)).toEqual({ width: 1280, height: 800 });
    expect(imageSize(Buffer.from('GIF89a'))).toBe(null);
    expect(imageSize(Buffer.from([0xff, 0xd8, 0xff, 0xe0]))).toBe(null);
  });
});
