import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveTlsPages, type TestPages, testPool } from '../../../tests/support/test-browser.ts';
import { SiteHoldError } from '../../kernel/holds.ts';
import { createMachineLock } from '../browser/machine-lock.ts';
import type { BrowserPool } from '../browser/pool.ts';
import { createLighthouseRunner, type LighthouseRunner } from './run.ts';

const PAGES: Record<string, string> = {
  '/shop': `<!doctype html><html lang="en"><title>Shop</title><meta name="viewport" content="width=device-width">
    <h1>Shop</h1><p style="color:#eee">hardly readable words</p><img src="/x.png" width="40" height="40">
    <img src="http://169.254.169.254/x.png" alt="" width="9" height="9">
    <script>console.error('broken cart ' + document.cookie); document.cookie = 'seen=1'</script>`,
  '/with-icon':
    '<!doctype html><html lang="en"><link rel="shortcut icon" href="/icon.png"><title>Shop</title><h1>Shop</h1>',
  '/icon.png': 'a picture, so to say',
  '/private':
    '<!doctype html><title>x</title><meta http-equiv="refresh" content="0; url=http://10.0.0.1/">hi',
  '/spin': '<!doctype html><title>x</title><p>hi<script>setTimeout(() => { for (;;); }, 50)</script>',
};

let pages: TestPages;
let pool: BrowserPool;
let runner: LighthouseRunner;
let lockFolder: string;
const asked: string[] = [];

beforeAll(async () => {
  pages = await serveTlsPages('shop.test', (req, res) => {
    asked.push(`${req.url} ${req.headers['user-agent']}`);
    const page = PAGES[req.url ?? ''];
    res.writeHead(page ? 200 : 404, { 'content-type': 'text/html' }).end(page ?? 'not here');
  });
  pool = await testPool(`shop.test:${pages.port}=127.0.0.1`);
  lockFolder = mkdtempSync(join(tmpdir(), 'agos-test-lock-'));
  runner = createLighthouseRunner({ pool, withMachineLock: createMachineLock({ dir: lockFolder }) });
});
afterAll(async () => {
  await runner.close();
  await pool.close();
  await pages.close();
  rmSync(lockFolder, { recursive: true });
});

const signal = AbortSignal.timeout(200_000);

async function holdCode(url: string, timeoutMs: number): Promise<string> {
  return await runner.run({ url, signal, timeoutMs }).then(
    () => 'finished',
    (error: unknown) => (error instanceof SiteHoldError ? error.hold.code : String(error)),
  );
}

test('measures a page over a faulty certificate, in a context of its own, and hands over plain facts', {
  timeout: 60_000,
}, async () => {
  const facts = await runner.run({ url: pages.url('/shop'), signal });
  expect(facts.final_url).toBe(pages.url('/shop'));
  for (const score of Object.values(facts.scores)) expect(score).toBeTypeOf('number');
  expect(facts.scores.accessibility).toBeLessThan(100);
  expect(facts.metrics.lcp_ms).toBeGreaterThan(0);
  expect(facts.audits['color-contrast']).toMatchObject({
    score: 0,
    impact: 'serious',
    items: [{ selector: 'body > p', snippet: expect.stringContaining('color:#eee'), rect: { x: 8 } }],
  });
  expect(facts.audits['image-alt']?.impact).toBe('critical');
  expect(facts.audits['errors-in-console']?.items.map(({ text }) => text)).toContain('broken cart ');
  expect(JSON.stringify(facts).length).toBeLessThan(200_000);
  expect(asked.filter((line) => !line.includes('AgOS-Scanner'))).toEqual([]);
  expect(pool.status()).toMatchObject({ openSites: 0, browsersStarted: 1 });
});

// sabotage: src/sites/lighthouse/audit-thread.ts :: await askForIcon(page); =>
test('an icon that is missing is an error in the console, as in the command line, whichever Chromium is there', {
  timeout: 60_000,
}, async () => {
  for (const _again of [1, 2]) {
    const { audits } = await runner.run({ url: pages.url('/shop'), signal });
    const errors = audits['errors-in-console']?.items.map(({ url }) => url);
    expect(errors).toContain(pages.url('/favicon.ico'));
  }
  const named = await runner.run({ url: pages.url('/with-icon'), signal });
  expect(named.audits['errors-in-console']?.items).toEqual([]);
  expect(asked.some((line) => line.startsWith('/icon.png '))).toBe(true);
});

test('audits asked for at once run one after the other, each as if it were the first visit', {
  timeout: 90_000,
}, async () => {
  const all = await Promise.all([1, 2].map(() => runner.run({ url: pages.url('/shop'), signal })));
  expect(all.map(({ scores }) => scores.accessibility)).toEqual([69, 69]);
  expect(all[1]?.audits['errors-in-console']?.items.map(({ text }) => text)).toContain('broken cart ');
});

// sabotage: src/sites/lighthouse/audit-thread.ts :: tell('recorded'); =>
test('others may look at their pages as soon as the load of this one is recorded', {
  timeout: 60_000,
}, async () => {
  const seen: string[] = [];
  const own = createLighthouseRunner({
    pool: {
      ...pool,
      withSite: (options, use) => pool.withSite(options, use).finally(() => seen.push('page closed')),
    },
    withMachineLock: async (mode, _, fn) => {
      seen.push(mode);
      return fn({ share: async () => void seen.push('shared') });
    },
  });
  await own.run({ url: pages.url('/shop'), signal }).finally(own.close);
  expect(seen).toEqual(['exclusive', 'shared', 'page closed']);
});

test('a way into a private network is refused as in any other page', { timeout: 60_000 }, async () => {
  expect(await holdCode(pages.url('/private'), 30_000)).toBe('redirect_forbidden');
});

test('a page that spins is given up at the deadline, and the next audit works', {
  timeout: 90_000,
}, async () => {
  const startedAt = performance.now();
  expect(await holdCode(pages.url('/spin'), 5_000)).toBe('page_timeout');
  expect(performance.now() - startedAt).toBeLessThan(7_000);
  expect((await runner.run({ url: pages.url('/shop'), signal })).scores.performance).not.toBeNull();
});
