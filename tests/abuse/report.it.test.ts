import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BrowserPool } from '../../src/sites/browser/pool.ts';
import type { ReportModel } from '../../src/triage/report/model.ts';
import { renderReport } from '../../src/triage/report/render.ts';
import { reportModel } from '../../src/triage/report/testing.ts';
import { servePages, type TestPages, testPool } from '../support/test-browser.ts';

/** A page's title, alt, console, snippet or certificate may hold any of these. */
const PAYLOADS = [
  `"><script>owned('double')</script>`,
  `'><script>owned('single')</script>`,
  `</title></style></textarea></bdi></code><script>owned('closed')</script>`,
  `<img src="/beacon.png" onerror="owned('image')">`,
  `<svg onload="owned('svg')"><animate onbegin="owned('animate')" attributeName=x dur=1s></svg>`,
  `<iframe srcdoc="<script>parent.owned('frame')</script>" src="/beacon-frame"></iframe>`,
  `<style>@import url(/beacon.css); body { background: url(/beacon-css.png) }</style>`,
  `<link rel="stylesheet" href="/beacon-link.css"><base href="http://evil.example/">`,
  `<meta http-equiv="refresh" content="0;url=/beacon-refresh">`,
  `<a href="javascript:owned('link')" autofocus onfocus="owned('focus')">x</a>`,
  `<form action="/beacon-form"><input autofocus onfocus="owned('input')"></form>`,
  `--><!--]]>&lt;script&gt;owned('entity')&lt;/script&gt;`,
  `\u202e\u2066\u0000\u001b]8;;http://evil.example\u0007<x onpointerenter=owned('x')>`,
  `{{owned('mustache')}}`,
].join('\n');

let server: TestPages;
let pool: BrowserPool;
const asked: string[] = [];
let report = '';

beforeAll(async () => {
  server = await servePages('127.0.0.1', (req, res) => {
    // The icon of the tab is the browser's own wish, whatever the page holds.
    if (req.url !== '/favicon.ico') asked.push(req.url ?? '');
    res.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(report);
  });
  pool = await testPool(`127.0.0.1:${server.port}`);
});
afterAll(async () => {
  await pool?.close();
  await server?.close();
});

/** Puts the payloads in every text that a stranger may have written. */
function hostileModel(change: Partial<ReportModel>): ReportModel {
  const model = reportModel(change);
  return {
    ...model,
    name: PAYLOADS,
    requested_url: `https://a.example/${PAYLOADS}`,
    final_url: `https://a.example/?${PAYLOADS}`,
    reasons: [PAYLOADS],
    summary: { text: PAYLOADS, generated_by: PAYLOADS },
    signals: model.signals.map((signal, index) => ({
      ...signal,
      detected: index % 3 === 0 ? null : true,
      value: PAYLOADS,
      evidence: PAYLOADS.split('\n').map((text) => ({
        selector: text,
        snippet: text,
        text,
        region: { screenshot: 'phone' as const, x: 1, y: 1, width: 9, height: 9 },
      })),
    })),
    playbook: { name: PAYLOADS, slug: PAYLOADS, version: PAYLOADS },
    ...(model.lighthouse && { lighthouse: { ...model.lighthouse, version: PAYLOADS } }),
  };
}

type Found = { owned: unknown[]; elements: string[]; handlers: string[]; addresses: string[]; text: string };

/** Runs in the page: what could act, by name. */
function inventory(): Found {
  const all = [...document.querySelectorAll('*')];
  const attributes = all.flatMap((element) => [...element.attributes]);
  return {
    owned: (globalThis as unknown as { seen?: unknown[] }).seen ?? [],
    elements: all
      .map((element) => element.localName)
      .filter((name) =>
        /^(script|iframe|object|embed|link|base|form|input|a|img|video|animate|x)$/.test(name),
      ),
    handlers: attributes.map(({ name }) => name).filter((name) => name.startsWith('on')),
    addresses: attributes
      .filter(({ name }) => /^(src|href|action|xlink:href|srcset|data)$/.test(name))
      .map(({ value }) => value.slice(0, 22)),
    text: document.body.textContent ?? '',
  };
}

async function openReport(html: string): Promise<Found & { url: string; dialogs: number }> {
  report = html;
  asked.length = 0;
  const signal = AbortSignal.timeout(20_000);
  return await pool.withSite({ signal, deadlineMs: 15_000 }, (site) =>
    site.withPage({ device: null, deadlineMs: 15_000 }, async (page: Page) => {
      let dialogs = 0;
      page.on('dialog', () => {
        dialogs += 1;
      });
      await page.addInitScript(() => {
        const world = globalThis as unknown as { seen: string[]; owned(by: string): void };
        world.seen = [];
        world.owned = (by) => void world.seen.push(by);
      });
      await page.goto(server.url('/report'));
      await page.mouse.move(100, 100);
      await page.keyboard.press('Tab');
      await delay(500);
      return { ...(await page.evaluate(inventory)), url: page.url(), dialogs };
    }),
  );
}

const HELD = { hold: { code: 'redirect_forbidden', message: PAYLOADS } } as const;

test.each<[string, Partial<ReportModel>]>([
  ['of a scored site', {}],
  ['of a held one', HELD],
])(
  'a report %s, opened from disk without any header: nothing of the page runs or loads',
  async (_of, change) => {
    // sabotage: src/triage/report/html.ts :: return visible.replace(/[&<>"']/g, (sign) => ESCAPES[sign] ?? sign); => return visible;
    const html = renderReport(hostileModel(change));
    expect(html).toContain('Content-Security-Policy');
    // The policy is the second wall: the first one has to hold by itself.
    const found = await openReport(html.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, ''));
    expect(found).toMatchObject({
      owned: [],
      elements: [],
      handlers: [],
      dialogs: 0,
      url: server.url('/report'),
    });
    for (const address of found.addresses) expect(address).toMatch(/^(#shot-|data:image\/(png|jpeg))/);
    expect(asked).toEqual(['/report']);
    expect(found.text, 'it was there to be run').toContain(`<script>owned('double')</script>`);
  },
);

test('the policy alone stops what escaping would have let through', async () => {
  // sabotage: src/triage/report/render.ts :: "default-src 'none'; img-src data: => "img-src data:
  const withoutRefresh = PAYLOADS.split('\n')
    .filter((line) => !line.includes('refresh'))
    .join('\n');
  const html = renderReport(hostileModel({})).replace('</main>', `${withoutRefresh}</main>`);
  const found = await openReport(html);
  expect(found.owned).toEqual([]);
  expect(asked).toEqual(['/report']);
});
