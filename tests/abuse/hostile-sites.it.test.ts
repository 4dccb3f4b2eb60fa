import type { ServerResponse } from 'node:http';
import { createGzip, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freeLoopbackAddress } from '../../examples/server/address.ts';
import { servePages, type TestPages } from '../support/test-browser.ts';
import { type Canary, startCanary } from './support/canary.ts';
import { holdOf, patience, startScan, type TestScan } from './support/scan.ts';

/** Public when the address is checked, inside from then on. */
const REBINDING = 'rebinding.example';
const METADATA = 'http://169.254.169.254/latest/meta-data/';

let canary: Canary;
let site: TestPages;
let scan: TestScan;
let lookups = 0;

const html = (body: string): string =>
  `<!doctype html><html lang="en"><title>Shop</title><h1>Shop</h1>${body}`;
const inside = (): string => `http://${canary.host}:8080/latest/`;
/** Shown to the fetch as a plain page, so that only the browser meets what it does. */
const scripted = (code: string): string => html(`<script>${code}</script>`);

const PAGES: Record<string, (res: ServerResponse) => void> = {
  '/status': (res) => void res.writeHead(302, { location: inside() }).end(),
  '/status-metadata': (res) => void res.writeHead(307, { location: METADATA }).end(),
  '/meta': (res) => show(res, html(`<meta http-equiv="refresh" content="0;url=${inside()}">`)),
  '/header': (res) => show(res, html(''), { refresh: `0;url=${inside()}` }),
  '/script': (res) => show(res, scripted(`location.href = '${inside()}'`)),
  '/script-metadata': (res) => show(res, scripted(`location.replace('${METADATA}')`)),
  '/script-form': (res) =>
    show(res, html(`<form id="f" method="post" action="${inside()}"></form><script>f.submit()</script>`)),
  '/script-file': (res) => show(res, scripted(`location.href = 'file:///etc/passwd'`)),
  '/hops-status': (res) => void res.writeHead(302, { location: `/hops-status?${Math.random()}` }).end(),
  '/hops-meta': (res) =>
    show(res, html(`<meta http-equiv="refresh" content="0;url=/hops-meta?${Math.random()}">`)),
  '/hops-script': (res) => show(res, scripted(`location.replace('/hops-script?' + Math.random())`)),
  '/gzip-bomb': (res) => {
    res.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' });
    res.end(gzipSync(Buffer.alloc(200 * 1024 * 1024, 32), { level: 1 }));
  },
  '/endless': (res) => {
    res.writeHead(200, { 'content-type': 'text/html' });
    const timer = setInterval(() => res.write(`<p>${'more '.repeat(20_000)}</p>`), 1);
    res.on('close', () => clearInterval(timer));
  },
  '/million-nodes': (res) => {
    res.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' });
    const zipped = createGzip();
    zipped.pipe(res);
    zipped.end(html('<i></i>'.repeat(700_000)));
  },
  '/million-by-script': (res) =>
    show(res, scripted(`for (let i = 0; i < 1e6; i++) document.body.append(document.createElement('i'))`)),
  '/heavy-script': (res) => show(res, html('<script src="/stream.js"></script>')),
  '/stream.js': (res) => {
    res.writeHead(200, { 'content-type': 'text/javascript' });
    const block = Buffer.alloc(1024 * 1024, 32);
    const timer = setInterval(() => res.write(block), 5);
    res.on('close', () => clearInterval(timer));
  },
};

function show(res: ServerResponse, body: string, headers: Record<string, string> = {}): void {
  res.writeHead(200, { 'content-type': 'text/html', ...headers }).end(body);
}

beforeAll(async () => {
  canary = await startCanary({ host: await freeLoopbackAddress(8080), port: 8080 });
  site = await servePages('site.test', (req, res) => {
    const page = PAGES[(req.url ?? '').split('?')[0] ?? ''];
    if (page) page(res);
    else res.writeHead(404).end();
  });
  scan = await startScan({
    allowTargets: `site.test:${site.port}=127.0.0.1`,
    resolve: async (host) => {
      if (host !== REBINDING) throw new Error('no such name');
      lookups += 1;
      return [{ address: lookups === 1 ? '93.184.216.34' : canary.host, family: 4 }];
    },
  });
});
afterAll(async () => {
  await scan?.close();
  await site?.close();
  await canary?.close();
});

/** As a triage goes: the fetch first, then the browser. */
async function open(url: string): Promise<unknown> {
  const fetch = await scan.scanner.fetchSite({ url, signal: patience() });
  return scan.scanner.inspectPage({ url: fetch.final_url, fetch, signal: patience() });
}

async function holdAt(path: string) {
  const hold = await holdOf(open(site.url(path)));
  expect([canary.connections(), canary.bytes()], 'what got inside').toEqual([0, 0]);
  return hold;
}

describe('a name whose address turns private between check and connect', () => {
  test('is refused by fetch, browser and Lighthouse, with 0 bytes sent', { timeout: 60_000 }, async () => {
    // sabotage: src/runtime/egress/guard.ts :: if (answers.some(({ address }) => !isPublicAddress(address))) { => if (false) {
    const url = `http://${REBINDING}:8080/`;
    expect((await scan.guard.resolve(REBINDING, 8080)).address).toBe('93.184.216.34');
    const signal = patience();
    const { scanner } = scan;
    const fetch = { final_url: url, requested_url: url, status: 200, headers: {} } as never;
    const holds = [
      await holdOf(scanner.fetchSite({ url, signal })),
      await holdOf(scanner.inspectPage({ url, fetch, signal })),
      await holdOf(scanner.measurePage({ url, signal })),
    ];
    expect(holds.map(({ code }) => code)).toEqual(Array(3).fill('target_forbidden'));
    expect(lookups).toBeGreaterThanOrEqual(4);
    expect([canary.connections(), canary.bytes()]).toEqual([0, 0]);
  });
});

describe('a site that leads inside', () => {
  test.each([
    '/status',
    '/status-metadata',
    '/meta',
    '/header',
    '/script',
    '/script-metadata',
    '/script-form',
  ])(
    '%s: ends as redirect_forbidden, with the hop named and nobody reached',
    { timeout: 30_000 },
    async (path) => {
      const hold = await holdAt(path);
      expect(hold.code).toBe('redirect_forbidden');
      expect(hold.message).toContain(path.endsWith('metadata') ? METADATA : inside());
    },
  );

  test('by script to a file of ours: nothing is read', { timeout: 30_000 }, async () => {
    const seen = (await open(site.url('/script-file'))) as { page: unknown };
    expect(JSON.stringify(seen.page)).not.toContain('root:');
  });

  test.each(['/hops-status', '/hops-meta', '/hops-script'])(
    '%s: more than five hops end as too_many_redirects, and they are listed',
    { timeout: 30_000 },
    async (path) => {
      // sabotage: src/runtime/egress/fetch.ts :: if (hops.length > maxRedirects) { => if (hops.length > 50) {
      // sabotage: src/sites/browser/navigation-guard.ts :: if (visited.length - 1 <= maxFollowed) return null; => return null;
      const hold = await holdAt(path);
      expect(hold.code).toBe('too_many_redirects');
      expect(hold.message.split(' -> ')).toHaveLength(7);
      expect(hold.message).toMatch(/more than 5 times/);
    },
  );
});

describe('a site without measure is page_too_large, with the limit named', () => {
  test.each([
    ['/gzip-bomb', /larger than 5 MB/],
    ['/endless', /larger than 5 MB/],
    ['/million-nodes', /more than ([\d,]+ elements|\d+ MB of memory)/],
    ['/million-by-script', /more than ([\d,]+ elements|\d+ MB of memory)/],
    ['/heavy-script', /more than 40 MB/],
  ])('%s', { timeout: 60_000 }, async (path, limit) => {
    // sabotage: src/runtime/egress/body.ts :: callback(sizeBytes > maxBytes ? tooLarge(maxBytes) : null); => if (sizeBytes > 4 * maxBytes) source.destroy(); callback(null);
    // sabotage: src/runtime/egress/proxy.ts :: isOver ||= receivedBytes() > maxBytes; =>
    const before = process.memoryUsage().rss;
    const hold = await holdAt(path);
    expect(hold.code).toBe('page_too_large');
    expect(hold.message).toMatch(limit);
    expect((process.memoryUsage().rss - before) / 1024 / 1024).toBeLessThan(400);
  });
});
