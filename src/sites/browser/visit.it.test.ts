import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { servePages, serveTlsPages, type TestPages, testPool } from '../../../tests/support/test-browser.ts';
import { SiteHoldError } from '../../kernel/holds.ts';
import { collectPage } from '../page/collect.ts';
import { createMachineLock, type WithMachineLock } from './machine-lock.ts';
import type { BrowserPool } from './pool.ts';
import { type Visit, visitSite } from './visit.ts';

const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
const PAGES: Record<string, string> = {
  '/shop': `<!doctype html><title>Shop</title><meta name="viewport" content="width=device-width">
    <style>body{margin:0} .tall{height:100vh;background:#0000ff} .mark{position:absolute;left:100px;top:1500px;width:120px;height:80px;background:#00ff00} .low{height:9000px;background:#ff0000} .foot{position:absolute;left:100px;top:9500px;width:120px;height:80px;background:#00ff00}</style>
    <div class="tall"></div><div class="mark"></div><div class="low"></div><div class="foot"></div>
    <img id="lazy" loading="lazy" src="/late.gif" width="50" height="50"><img src="/missing.png">
    <script>console.error('broken cart'); setTimeout(() => { throw new Error('late failure') }, 10)</script>`,
  '/mixed': '<!doctype html><title>Mixed</title><script src="http://plain.test/a.js"></script>',
  '/noise': `<!doctype html><title>Noise</title><canvas width="1280" height="3000"></canvas><script>
    const context = document.querySelector('canvas').getContext('2d');
    const noise = context.createImageData(1280, 3000);
    for (let i = 0; i < noise.data.length; i += 65536) crypto.getRandomValues(noise.data.subarray(i, i + 65536));
    for (let i = 3; i < noise.data.length; i += 4) noise.data[i] = 255;
    context.putImageData(noise, 0, 0)</script>`,
  '/moving': '<!doctype html><title>Moving</title><meta http-equiv="refresh" content="0; url=/shop">',
  '/head': `<!doctype html><script>location.href = '/shop'; ${'for (const end = performance.now() + 400; performance.now() < end;);'}</script><script src="/slow.js"></script>`,
  '/own-names': `<!doctype html><title>Own names</title><h1>Gym</h1><div style="height:3000px"></div>
    <img id="lazy" loading="lazy" src="/late.gif"><img name="images"><form name="scrollingElement"></form>
    <form name="getElementsByTagName"></form>
    <script>function scrollTo() { throw new Error('no section of that name') } Promise = setTimeout = performance = undefined;
    Document.prototype.querySelectorAll = () => { throw new Error('mine') }</script>`,
  '/challenge': `<!doctype html><title>Just a moment...</title><script>setTimeout(() => location.replace('/shop'), 50)</script>`,
  '/client': `<!doctype html><title>Client</title><header>Loading</header><main id="root"></main>
    <script>fetch('/late.json').then((one) => one.text()).then((html) => { document.querySelector('main').innerHTML = html })</script>`,
  '/shell': `<!doctype html><title>Shell</title><main id="root"></main>
    <script>onload = () => setTimeout(() => { document.querySelector('main').innerHTML = '<h1>Late</h1>' }, 1000)</script>`,
  '/stream': `<!doctype html><title>Stream</title><h1>Late</h1><script>fetch('/no-end.json')</script>`,
  '/elements': `<!doctype html><title>Many</title><body><script>
    const all = document.createDocumentFragment();
    for (let i = 0; i < 210000; i++) all.append(document.createElement('i'));
    document.body.append(all)</script>`,
};

let plain: TestPages;
let secure: TestPages;
let pool: BrowserPool;
let lockFolder: string;
let withMachineLock: WithMachineLock;
const asked: string[] = [];

beforeAll(async () => {
  const answer: Parameters<typeof servePages>[1] = (req, res) => {
    const path = req.url ?? '';
    asked.push(`${path} ${req.headers['user-agent']}`);
    if (path === '/late.gif') return void res.writeHead(200, { 'content-type': 'image/gif' }).end(GIF);
    if (path === '/no-end') return void res.writeHead(200, { 'content-type': 'text/html' }).write('begun');
    if (path === '/late.json')
      return void setTimeout(() => res.end('<h1>Late</h1><p>01632 960 001</p>'), 1_000);
    if (path === '/no-end.json') return void res.write('{');
    if (path === '/slow.js') return void setTimeout(() => res.end(''), 3_000);
    if (path === '/file.zip')
      return void res.writeHead(200, { 'content-type': 'application/zip' }).end('PK\u0003\u0004');
    const page = PAGES[path];
    if (path === '/challenge')
      return void res.writeHead(403, { 'content-type': 'text/html', 'cf-mitigated': 'challenge' }).end(page);
    res.writeHead(page ? 200 : 404, { 'content-type': 'text/html' }).end(page ?? 'not here');
  };
  plain = await servePages('shop.test', answer);
  secure = await serveTlsPages('shop.test', answer);
  pool = await testPool(`shop.test:${plain.port}=127.0.0.1,shop.test:${secure.port}=127.0.0.1`);
  lockFolder = mkdtempSync(join(tmpdir(), 'agos-test-lock-'));
  withMachineLock = createMachineLock({ dir: lockFolder });
});
afterAll(async () => {
  await pool.close();
  await plain.close();
  await secure.close();
  rmSync(lockFolder, { recursive: true });
});

function visit<F>(
  url: string,
  collect: (page: Page) => Promise<F>,
  limits: { timeoutMs?: number } = {},
): Promise<Visit<F>> {
  const signal = AbortSignal.timeout(60_000);
  return visitSite({ pool, withMachineLock, url, signal, collect, ...limits });
}

const holdCode = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'finished',
    (error: unknown) => (error instanceof SiteHoldError ? error.hold.code : String(error)),
  );

test('a site is shown to a phone and to a desktop that name themselves, and what happened is noted', async () => {
  const seen = await visit(plain.url('/shop'), (page) =>
    page.evaluate(() => ({
      width: innerWidth,
      ratio: devicePixelRatio,
      touch: navigator.maxTouchPoints > 0,
      scroll: scrollY,
      lazy: document.querySelector<HTMLImageElement>('#lazy')?.naturalWidth,
    })),
  );
  expect(seen.phone.facts).toEqual({ width: 390, ratio: 2, touch: true, scroll: 0, lazy: 1 });
  expect(seen.desktop.facts).toEqual({ width: 1280, ratio: 1, touch: false, scroll: 0, lazy: 1 });
  expect(seen).toMatchObject({ final_url: plain.url('/shop'), blocked: { count: 0, first: [] } });
  expect(seen.phone.answer?.status).toBe(200);
  expect(seen.events.console_errors.map(({ text }) => text)).toContain('broken cart');
  expect(seen.events.page_errors.map(({ text }) => text)).toEqual(['Error: late failure']);
  expect(seen.events.responses).toContainEqual(
    expect.objectContaining({ url: plain.url('/missing.png'), status: 404, resource_type: 'image' }),
  );
  const agents = asked.filter((line) => line.startsWith('/shop'));
  expect(agents[0]).toMatch(/Android.*Mobile.*AgOS-Scanner/);
  expect(agents[1]).toMatch(/X11.*AgOS-Scanner/);
  expect(agents.join()).not.toContain('Headless');
});

test('a rect of the page is where the picture shows it, at the foot of a long page too', async () => {
  const seen = await visit(plain.url('/shop'), (page) =>
    page.evaluate(() =>
      ['.mark', '.foot'].map((one) => document.querySelector(one)?.getBoundingClientRect().toJSON()),
    ),
  );
  for (const { screenshot, facts } of [seen.phone, seen.desktop]) {
    expect(screenshot.height).toBeGreaterThan(9_600);
    const spots = (facts as DOMRect[]).flatMap(({ x, y, width, height }) => [
      { x: x + width / 2, y: y + 4 },
      { x: x + width / 2, y: y - 4 },
      { x: x + width - 4, y: y + height - 4 },
    ]);
    const colours = await coloursAt(screenshot.jpeg, screenshot.scale, spots);
    expect(colours).toEqual(['green', 'red', 'green', 'green', 'red', 'green']);
  }
});

/** Reads the picture with the browser itself. */
async function coloursAt(jpeg: Buffer, scale: number, points: { x: number; y: number }[]): Promise<string[]> {
  return await pool.withSite({ signal: AbortSignal.timeout(20_000), deadlineMs: 15_000 }, (site) =>
    site.withPage({ device: null, deadlineMs: 15_000 }, (page) =>
      page.evaluate(
        async ({ url, spots }) => {
          const image = new Image();
          image.src = url;
          await image.decode();
          const canvas = document.createElement('canvas');
          [canvas.width, canvas.height] = [image.width, image.height];
          const context = canvas.getContext('2d');
          context?.drawImage(image, 0, 0);
          const names = ['red', 'green', 'blue'];
          return spots.map(({ x, y }) => {
            const pixel = [...(context?.getImageData(x, y, 1, 1).data ?? [])].slice(0, 3);
            return names[pixel.indexOf(Math.max(...pixel))] ?? '';
          });
        },
        {
          url: `data:image/jpeg;base64,${jpeg.toString('base64')}`,
          spots: points.map(({ x, y }) => ({ x: x * scale, y: y * scale })),
        },
      ),
    ),
  );
}

test('a picture stays under 900 kB whatever it shows', async () => {
  const seen = await visit(plain.url('/noise'), async () => null);
  for (const { screenshot } of [seen.phone, seen.desktop]) {
    expect(screenshot.jpeg.length).toBeLessThanOrEqual(900_000);
    expect(screenshot.jpeg.length).toBeGreaterThan(1_000);
  }
});

test('a faulty certificate does not hide the page, and what it loads over http is noted as mixed', async () => {
  const seen = await visit(secure.url('/mixed'), (page) => collectPage(page, 'phone'));
  expect(seen.phone.facts).toMatchObject({
    title: 'Mixed',
    insecure_parts: [{ selector: 'html > head > script', url: 'http://plain.test/a.js' }],
  });
  expect(seen.events.mixed_content).toEqual([{ url: 'http://plain.test/a.js', resource_type: 'script' }]);
});

test("a page that takes the browser's names for its own is looked at like any other", async () => {
  const seen = await visit(plain.url('/own-names'), async () => null);
  expect(seen.desktop.answer?.status).toBe(200);
  expect(seen.events.responses.map(({ url }) => url)).toContain(plain.url('/late.gif'));
});

test('the answer of a page is that of where it led', async () => {
  const seen = await visit(plain.url('/challenge'), async () => null);
  for (const { answer } of [seen.phone, seen.desktop]) {
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'text/html' } });
    expect(answer?.headers['cf-mitigated']).toBeUndefined();
  }
});

test.each(['/client', '/shell', '/stream'])(
  '%s: a page is looked at once its scripts have shown what they fetch, and also when they never end',
  async (path) => {
    const seen = await visit(plain.url(path), (page) =>
      page.evaluate(() => document.querySelector('h1')?.textContent),
    );
    expect([seen.phone.facts, seen.desktop.facts]).toEqual(['Late', 'Late']);
  },
);

test.each(['/moving', '/head'])('%s: a page that leads on is looked at where it ends', async (path) => {
  const seen = await visit(plain.url(path), (page) => page.title());
  expect(seen.final_url).toBe(plain.url('/shop'));
  expect(seen.desktop.facts).toBe('Shop');
});

test('what cannot be shown is held: a file, a name without an address, a closed port, too many elements', async () => {
  const collect = async (): Promise<null> => null;
  expect(await holdCode(visit(plain.url('/file.zip'), collect))).toBe('not_html');
  expect(await holdCode(visit('https://no-such-name.invalid/', collect))).toBe('unreachable');
  expect(await holdCode(visit('http://no-such-name.invalid/', collect))).toBe('unreachable');
  expect(await holdCode(visit(plain.url('/elements'), collect))).toBe('page_too_large');
});

test('a page that does not end in the time that is given is held', async () => {
  const startedAt = performance.now();
  expect(await holdCode(visit(plain.url('/no-end'), async () => null, { timeoutMs: 11_000 }))).toBe(
    'page_timeout',
  );
  expect(performance.now() - startedAt).toBeLessThan(9_000);
});

test('an error of the collector is no fault of the site', async () => {
  const failing = (): Promise<never> => Promise.reject(new Error('our own mistake'));
  expect(await holdCode(visit(plain.url('/shop'), failing))).toBe('Error: our own mistake');
});
