import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { freeLoopbackAddress } from '../../examples/server/address.ts';
import type { BlockedRequest } from '../../src/runtime/egress/proxy.ts';
import { servePages, type TestPages } from '../support/test-browser.ts';
import { type Canary, startCanary } from './support/canary.ts';
import { patience, startScan, type TestScan } from './support/scan.ts';
import { pageOfRawWaysOut, pageOfWaysOut, SILENT, WAYS_OUT } from './support/ways-out.ts';

/** A name that looks public and leads inside, on a port that the guard lets through. */
const INSIDE = 'intern.example';

let byNumber: Canary;
let byName: Canary;
let shop: TestPages;
let scan: TestScan;
const pages: Record<string, string> = {};

beforeAll(async () => {
  byNumber = await startCanary({ host: await freeLoopbackAddress(8080), port: 8080 });
  byName = await startCanary({ host: await freeLoopbackAddress(8080), port: 8080 });
  shop = await servePages('shop.test', (req, res) => {
    const path = (req.url ?? '').split('?')[0] ?? '';
    const inside = `http://${byNumber.host}:8080`;
    if (/^\/(robots\.txt|sitemap\.xml|favicon\.ico|link)/.test(path)) {
      return void res.writeHead(302, { location: `${inside}${path}` }).end();
    }
    res.writeHead(pages[path] ? 200 : 404, {
      'content-type': 'text/html',
      link: `<${inside}/link-header>; rel=preload; as=image`,
      'reporting-endpoints': `default="${inside}/reports"`,
      nel: '{"report_to":"default","max_age":9999,"success_fraction":1}',
      'content-security-policy-report-only': `img-src 'none'; report-uri ${inside}/csp-report`,
      sourcemap: `${inside}/source-map-header`,
    });
    res.end(pages[path] ?? 'nothing');
  });
  pages['/by-number'] = pageOfWaysOut(`http://${byNumber.host}:8080`);
  pages['/by-name'] = pageOfWaysOut(`http://${INSIDE}:8080`);
  pages['/raw'] = pageOfRawWaysOut(`${byNumber.host}:8080`);
  pages['/index'] =
    '<!doctype html><html lang="en"><title>Links</title><a href="/link-1">one</a><a href="/link-2">two</a>';
  scan = await startScan({
    allowTargets: `shop.test:${shop.port}=127.0.0.1`,
    resolve: async (host) =>
      host === INSIDE ? [{ address: byName.host, family: 4 }] : Promise.reject(new Error('no such name')),
  });
});
afterAll(async () => {
  await scan?.close();
  await shop?.close();
  await byNumber?.close();
  await byName?.close();
});
beforeEach(() => void scan.blocked());

/** Both counters, since a way by number may lead to either. */
const reached = (): { connections: number; bytes: number } => ({
  connections: byNumber.connections() + byName.connections(),
  bytes: byNumber.bytes() + byName.bytes(),
});
const NOTHING = { connections: 0, bytes: 0 };

async function inspect(path: string) {
  const url = shop.url(path);
  const fetch = await scan.scanner.fetchSite({ url, signal: patience() });
  return await scan.scanner.inspectPage({ url, fetch, signal: patience() });
}

const waysOf = (refused: BlockedRequest[]): string[] => [
  ...new Set(refused.map(({ url }) => (url.includes('//') ? new URL(url).pathname.slice(1) : 'web-socket'))),
];

test.each(['/by-number', '/by-name'])(
  '%s: each way to an internal host is refused, counted, and the scan goes on',
  { timeout: 60_000 },
  async (path) => {
    // sabotage: src/sites/browser/visit.ts :: count: site.blockedCount(), => count: 0,
    // sabotage: src/runtime/egress/guard.ts :: if (isForbiddenHost(name)) { => if (false) {
    // sabotage: src/runtime/egress/guard.ts :: if (answers.some(({ address }) => !isPublicAddress(address))) { => if (false) {
    const seen = await inspect(path);
    expect(seen.page.desktop.title).toBe('Shop');
    expect(reached()).toEqual(NOTHING);
    const refused = scan.blocked();
    // Closing a page may set off some more after its facts are told.
    expect(seen.page.blocked.count).toBeLessThanOrEqual(refused.length);
    expect(seen.page.blocked.count).toBeGreaterThanOrEqual(WAYS_OUT.length - SILENT.size);
    expect(seen.page.blocked.first).toEqual(refused.slice(0, 20).map(({ url, reason }) => ({ url, reason })));
    const ways = waysOf(refused);
    expect(WAYS_OUT.filter((way) => !SILENT.has(way) && !ways.includes(way))).toEqual([]);
    expect(ways).toContain('web-socket');
  },
);

test('neither UDP nor TCP leaves past the proxy: STUN, TURN by each, forged candidates, WebTransport', {
  timeout: 60_000,
}, async () => {
  // sabotage: src/sites/browser/launch-arguments.ts :: '--webrtc-ip-handling-policy=disable_non_proxied_udp', => '--disable-breakpad',
  const udp = createSocket('udp4');
  let packets = 0;
  udp.on('message', () => {
    packets += 1;
  });
  udp.bind(8080, byNumber.host);
  await once(udp, 'listening');
  const seen = await inspect('/raw');
  await delay(1_000);
  udp.close();
  expect(seen.page.desktop.title).toBe('all tried');
  expect(packets).toBe(0);
  expect(reached()).toEqual(NOTHING);
});

test('Lighthouse: robots.txt, sitemap, favicon, manifest, source maps and all requests of the page pass the same guard', {
  timeout: 120_000,
}, async () => {
  const facts = await scan.scanner.measurePage({ url: shop.url('/by-number'), signal: patience() });
  expect(facts.scores.performance).not.toBeNull();
  expect(reached()).toEqual(NOTHING);
  const ways = waysOf(scan.blocked());
  expect(ways).toEqual(expect.arrayContaining(['robots.txt', 'source-map', 'image', 'frame']));
});

test('robots.txt and links that lead inside are not followed, and the scan goes on', {
  timeout: 60_000,
}, async () => {
  const seen = await inspect('/index');
  const { links } = seen.page.desktop;
  expect(links).toHaveLength(2);
  const checks = await scan.scanner.checkLinks({ pageUrl: shop.url('/index'), links, signal: patience() });
  expect(checks.map(({ outcome, reason }) => [outcome, reason])).toEqual([
    ['unknown', 'redirect_forbidden'],
    ['unknown', 'redirect_forbidden'],
  ]);
  expect(reached()).toEqual(NOTHING);
});
