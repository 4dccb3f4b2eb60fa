import type { RequestListener } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createAuthority } from '../../../examples/server/authority.ts';
import type { SiteHoldError } from '../../kernel/holds.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createGuardedFetch } from '../../runtime/egress/fetch.ts';
import { createEgressGuard, type Resolve } from '../../runtime/egress/guard.ts';
import { serve, serveTls } from '../../runtime/egress/test-servers.ts';
import { fetchUserAgent } from '../user-agent.ts';
import { createSiteFetcher } from './index.ts';

const PAGE = '<!doctype html><title>Harbour Bakery</title><h1>Harbour Bakery</h1><p>Fresh bread.</p>';
const days = (n: number) => new Date(Date.now() + n * 86_400_000);

function fetcher(allowTargets: string, more: { extraCa?: string; resolve?: Resolve } = {}) {
  const { extraCa, ...guardDeps } = more;
  const guard = createEgressGuard({ allowTargets, ...guardDeps });
  const guardedFetch = createGuardedFetch({
    guard,
    clock: systemClock,
    userAgent: fetchUserAgent(),
    extraCa,
  });
  return createSiteFetcher({ guardedFetch, clock: systemClock });
}

/** A site of its own under a name, over plain http. */
async function site(pages: Record<string, RequestListener> | RequestListener) {
  const asked: string[] = [];
  const server = await serve((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const handler = typeof pages === 'function' ? pages : pages[(request.url ?? '').split('?')[0] ?? ''];
    if (handler) handler(request, response);
    else response.writeHead(404).end('nothing here');
  });
  const origin = `http://site.test:${server.port}`;
  const { fetchSite, checkLinks } = fetcher(`site.test:${server.port}=127.0.0.1`);
  const open = (path = '/', timeoutMs = 20_000) =>
    fetchSite({ url: `${origin}${path}`, schemeGiven: true, timeoutMs });
  return { origin, asked, open, checkLinks, server };
}

/** One port that speaks https and http, as 443 and 80 of one host: a handshake begins with a byte of its own. */
async function serveBoth(
  certificate: { cert: string; key: string },
  secure: RequestListener,
  plain: RequestListener,
): Promise<number> {
  const tls = await serveTls(certificate, secure);
  const http = await serve(plain);
  const server = createServer((socket) => {
    socket.once('data', (first) => {
      const other = connect(first[0] === 0x16 ? tls.port : http.port, '127.0.0.1');
      other.on('error', () => socket.destroy()).on('close', () => socket.destroy());
      socket.on('error', () => other.destroy()).on('close', () => other.destroy());
      other.write(first);
      socket.pipe(other).pipe(socket);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const html =
  (body: string, headers: Record<string, string> = {}, status = 200): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(body);
  };

describe('a site that answers', () => {
  test('is described: final address, hops, headers, robots and digest', async () => {
    const { origin, open, asked } = await site({
      '/': (_request, response) => response.writeHead(301, { location: '/home' }).end(),
      '/home': html('<meta http-equiv="refresh" content="0;url=/start">'),
      '/start': html(PAGE, { 'x-powered-by': 'PHP/7.4'.padEnd(1_500, '!') }),
      '/robots.txt': (_request, response) =>
        response.end('User-agent: *\nDisallow: /private\nCrawl-delay: 3'),
    });
    const { facts, html: text } = await open();
    expect(text).toBe(PAGE);
    expect(facts).toMatchObject({
      requested_url: `${origin}/`,
      final_url: `${origin}/start`,
      status: 200,
      hops: [
        { url: `${origin}/`, status: 301, location: `${origin}/home` },
        { url: `${origin}/home`, status: 200, location: `${origin}/start` },
      ],
      certificate: { state: 'none', reason: null, valid_to: null },
      robots: { state: 'allowed', crawl_delay_seconds: 3 },
      html_bytes: PAGE.length,
      html_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(facts.headers['x-powered-by']).toHaveLength(1_000);
    expect(asked).toEqual(['GET /', 'GET /home', 'GET /start', 'GET /robots.txt']);
  });

  test.each([
    ['User-agent: AgOS-Scanner\nDisallow: /', 200, 'disallowed'],
    ['User-agent: OtherBot\nDisallow: /', 200, 'allowed'],
    ['<html>Not found</html>', 404, 'missing'],
    ['oops', 500, 'unreadable'],
    [`User-agent: *\nDisallow: /${'*a'.repeat(200)}\n`.repeat(1_000), 200, 'allowed'],
  ])('its robots.txt is a fact and no reason to stop', async (text, status, state) => {
    const { open } = await site({
      '/': html(PAGE),
      '/robots.txt': (_request, response) => response.writeHead(status).end(text),
    });
    const startedAt = performance.now();
    expect((await open()).facts.robots.state).toBe(state);
    expect(performance.now() - startedAt).toBeLessThan(4_000);
  });

  test('a robots.txt that redirects indoors is not followed', async () => {
    const { open } = await site({
      '/': html(PAGE),
      '/robots.txt': (_request, response) =>
        response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
    });
    expect((await open()).facts.robots.state).toBe('unreadable');
  });

  test('a page without a content type is looked into', async () => {
    const { open } = await site({
      '/': (_request, response) => response.end(PAGE),
      '/text': (_request, response) => response.end('plain'),
    });
    expect((await open()).facts.status).toBe(200);
    await expect(open('/text')).rejects.toMatchObject({ hold: { code: 'not_html' } });
  });
});

describe('the scheme', () => {
  const names = ['site.test'];

  test('https is tried first when none was given', async () => {
    const authority = await createAuthority();
    const issued = await authority.issue({ names, notBefore: days(-1), notAfter: days(60) });
    const { port } = await serveTls(issued, html(PAGE));
    const { fetchSite } = fetcher(`site.test:${port}=127.0.0.1`, { extraCa: authority.certificatePem });
    const { facts } = await fetchSite({ url: `https://site.test:${port}/`, schemeGiven: false });
    expect(facts.certificate).toMatchObject({ state: 'valid', reason: null, subject: 'site.test' });
    expect(facts.certificate.valid_to?.slice(0, 10)).toBe(days(60).toISOString().slice(0, 10));
  });

  test.each([
    ['expired', { notBefore: days(-90), notAfter: days(-3) }, 'expired'],
    ['self-signed', { notBefore: days(-3), notAfter: days(90), selfSigned: true }, 'invalid'],
  ])('a certificate that is %s does not stop the scan', async (_name, request, state) => {
    const authority = await createAuthority();
    const { port } = await serveTls(await authority.issue({ names, ...request }), html(PAGE));
    const { fetchSite } = fetcher(`site.test:${port}=127.0.0.1`, { extraCa: authority.certificatePem });
    const { facts } = await fetchSite({ url: `https://site.test:${port}/`, schemeGiven: false });
    expect(facts).toMatchObject({ status: 200, certificate: { state, reason: expect.any(String) } });
  });

  test('the certificate is that of the final page: https that leads to http has none', async () => {
    const plain = await serve(html(PAGE));
    const authority = await createAuthority();
    const issued = await authority.issue({ names, notBefore: days(-1), notAfter: days(60) });
    const location = `http://plain.test:${plain.port}/`;
    const { port } = await serveTls(issued, (_request, response) =>
      response.writeHead(302, { location }).end(),
    );
    const { fetchSite } = fetcher(`site.test:${port}=127.0.0.1,plain.test:${plain.port}=127.0.0.1`);
    const { facts } = await fetchSite({ url: `https://site.test:${port}/`, schemeGiven: true });
    expect(facts).toMatchObject({ final_url: location, certificate: { state: 'none' } });
  });

  test('http is tried where https cannot be spoken, unless https was asked for', async () => {
    const { port } = await serve(html(PAGE));
    const { fetchSite } = fetcher(`site.test:${port}=127.0.0.1`);
    const url = `https://site.test:${port}/`;
    const { facts } = await fetchSite({ url, schemeGiven: false });
    expect(facts).toMatchObject({
      requested_url: url,
      final_url: `http://site.test:${port}/`,
      certificate: { state: 'none' },
    });
    await expect(fetchSite({ url, schemeGiven: true })).rejects.toMatchObject({
      hold: { code: 'unreachable' },
    });
  });

  const DEFAULT_PAGE = '<title>Default Web Site Page</title><h1>Sorry!</h1>';
  test.each<[string, RequestListener, RequestListener, string[], boolean, string]>([
    ["the hoster's default page", html(DEFAULT_PAGE), html(PAGE), ['hoster.test'], false, 'http'],
    ["the hoster's error", html('no site', {}, 404), html(PAGE), ['hoster.test'], false, 'http'],
    [
      'a default page for a visitor who asked for https',
      html(DEFAULT_PAGE),
      html(PAGE),
      ['hoster.test'],
      true,
      'domain_parked',
    ],
    ['a page under the wrong name that can be used', html(PAGE), html(PAGE), ['hoster.test'], false, 'https'],
    ['a default page under its own name', html(DEFAULT_PAGE), html(PAGE), names, false, 'domain_parked'],
    [
      'a default page on both',
      html(DEFAULT_PAGE),
      html('gone', {}, 404),
      ['hoster.test'],
      false,
      'domain_parked',
    ],
    [
      'a default page, and http that hangs up',
      html(DEFAULT_PAGE),
      (request) => request.socket.destroy(),
      ['hoster.test'],
      false,
      'domain_parked',
    ],
  ])('%s on the secure port', async (_name, secure, plain, certified, schemeGiven, expected) => {
    const authority = await createAuthority();
    const issued = await authority.issue({ names: certified, notBefore: days(-1), notAfter: days(60) });
    const port = await serveBoth(issued, secure, plain);
    const { fetchSite } = fetcher(`site.test:${port}=127.0.0.1`, { extraCa: authority.certificatePem });
    const ended = await fetchSite({ url: `https://site.test:${port}/`, schemeGiven }).then(
      ({ facts }) => new URL(facts.final_url).protocol.slice(0, -1),
      (error) => error.hold.code,
    );
    expect(ended).toBe(expected);
  });

  test('a name without address is not asked for twice', async () => {
    let asked = 0;
    const resolve: Resolve = async () => {
      asked += 1;
      return [];
    };
    const { fetchSite } = fetcher('', { resolve });
    await expect(fetchSite({ url: 'https://gone.test/', schemeGiven: false })).rejects.toMatchObject({
      hold: { code: 'unreachable', message: 'The name gone.test has no address.' },
    });
    expect(asked).toBe(1);
  });
});

describe('a site that cannot be scanned is held with its reason', () => {
  const holds: [string, RequestListener, string, RegExp][] = [
    ['a missing page', html('gone', {}, 404), 'http_error', /status 404/],
    ['a broken server', html('oops', {}, 500), 'http_error', /status 500/],
    ['a plain refusal', html('no', {}, 403), 'http_error', /status 403/],
    [
      'a bot challenge',
      html('<title>Just a moment...</title>', { 'cf-mitigated': 'challenge' }, 403),
      'blocked',
      /Cloudflare/,
    ],
    [
      'a challenge by meta refresh',
      html(
        '<meta http-equiv="refresh" content="0;/.well-known/sgcaptcha/">',
        { 'sg-captcha': 'challenge' },
        202,
      ),
      'blocked',
      /SiteGround/,
    ],
    ['basic authentication', html('', { 'www-authenticate': 'Basic' }, 401), 'blocked', /login/],
    ['a parked domain', html('<p>This domain is for sale.</p>'), 'domain_parked', /This domain is for sale/],
    ['a PDF', html('%PDF-1.7', { 'content-type': 'application/pdf' }), 'not_html', /application\/pdf/],
    [
      'a download',
      html(PAGE, { 'content-disposition': 'attachment; filename=x.html' }),
      'not_html',
      /something other/,
    ],
    [
      'a redirect to itself',
      (request, response) => response.writeHead(302, { location: request.url }).end(),
      'too_many_redirects',
      /more than 5 times.*->/,
    ],
    [
      'a redirect indoors',
      (_request, response) => response.writeHead(302, { location: 'http://169.254.169.254/latest/' }).end(),
      'redirect_forbidden',
      /169\.254\.169\.254/,
    ],
    [
      'a meta refresh indoors',
      html('<meta http-equiv="refresh" content="0;url=http://[::1]/">'),
      'redirect_forbidden',
      /Redirect 1 leads to http:\/\/\[::1\]/,
    ],
    [
      'a compressed bomb',
      (_request, response) =>
        response
          .writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' })
          .end(gzipSync(Buffer.alloc(20_000_000, 'a'))),
      'page_too_large',
      /larger than 5 MB/,
    ],
    ['a million elements', html('<i>'.repeat(1_000_001)), 'page_too_large', /1,000,000 elements/],
    ['a closed connection', (request) => request.socket.destroy(), 'unreachable', /site\.test/],
  ];
  test.each(holds)('%s', async (_name, handler, code, message) => {
    const { open } = await site({ '/': handler });
    await expect(open()).rejects.toMatchObject({
      name: 'SiteHoldError',
      hold: { code, message: expect.stringMatching(message) },
    });
  });

  test('a large download is not read to say that it is no page', async () => {
    const { open } = await site({
      '/': (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/zip' });
        const timer = setInterval(() => response.write(Buffer.alloc(64_000)), 1);
        response.on('close', () => clearInterval(timer));
      },
    });
    await expect(open()).rejects.toMatchObject({ hold: { code: 'not_html' } });
  });

  test('an address that the guard refuses', async () => {
    const { fetchSite } = fetcher('', { resolve: async () => [{ address: '192.168.1.1', family: 4 }] });
    for (const url of ['https://inside.test/', 'https://127.0.0.1/', 'http://2130706433/']) {
      await expect(fetchSite({ url, schemeGiven: false })).rejects.toMatchObject({
        hold: { code: 'target_forbidden' },
      });
    }
  });

  test('cancelling is no fault of the site', async () => {
    const { origin, server } = await site(() => undefined);
    const { fetchSite } = fetcher(`site.test:${server.port}=127.0.0.1`);
    const reason = new Error('cancelled');
    const controller = new AbortController();
    const work = fetchSite({ url: `${origin}/`, schemeGiven: true, signal: controller.signal });
    setTimeout(() => controller.abort(reason), 50);
    await expect(work).rejects.toBe(reason);
  });
});

describe('links', () => {
  test('each same-origin link is asked once and judged by GET where HEAD says no', async () => {
    const { origin, checkLinks, asked } = await site((request, response) => {
      const path = (request.url ?? '').slice(1);
      if (path === 'robots.txt') return response.end('User-agent: *\nDisallow: /private');
      if (path === 'moved') return response.writeHead(301, { location: '/gone' }).end();
      if (path === 'loop') return response.writeHead(302, { location: '/loop' }).end();
      if (path === 'indoors') return response.writeHead(302, { location: 'http://10.0.0.1/' }).end();
      if (path === 'no-head') return response.writeHead(request.method === 'HEAD' ? 405 : 200).end();
      if (path === 'odd-head') return response.writeHead(request.method === 'HEAD' ? 404 : 200).end();
      return response.writeHead({ missing: 404, gone: 410, shut: 403, broken: 500 }[path] ?? 200).end();
    });
    const links = [
      '/fine',
      '/fine#part',
      `${origin}/missing`,
      '/gone',
      '/moved',
      '/no-head',
      '/odd-head',
      '/shut',
      '/broken',
      '/loop',
      '/indoors',
      '/private',
      '/#top',
      'https://elsewhere.test/',
      'mailto:a@site.test',
      'javascript:void(0)',
      'http://[',
    ];
    const checks = await checkLinks({ pageUrl: `${origin}/`, links });
    const seen = Object.fromEntries(
      checks.map(({ url, outcome, reason }) => [url.slice(origin.length + 1), reason ?? outcome]),
    );
    expect(seen).toEqual({
      fine: 'ok',
      missing: 'status_404',
      gone: 'status_410',
      moved: 'status_410',
      'no-head': 'ok',
      'odd-head': 'ok',
      shut: 'status_403',
      broken: 'status_500',
      loop: 'too_many_redirects',
      indoors: 'redirect_forbidden',
      private: 'robots_disallowed',
    });
    expect(
      checks.filter(({ outcome }) => outcome === 'broken').map(({ url }) => url.slice(origin.length)),
    ).toEqual(['/missing', '/gone', '/moved']);
    expect(asked.filter((line) => line.endsWith('/fine'))).toEqual(['HEAD /fine']);
    expect(asked).not.toContain('HEAD /private');
  });

  test('no more than 50 are asked, one at a time, over one connection', async () => {
    let open = 0;
    let most = 0;
    const { origin, checkLinks, asked, server } = await site(async (_request, response) => {
      most = Math.max(most, ++open);
      await sleep(2);
      open -= 1;
      response.end();
    });
    const links = Array.from({ length: 80 }, (_, index) => `/page-${index}`);
    expect(await checkLinks({ pageUrl: `${origin}/`, links })).toHaveLength(50);
    expect(asked.filter((line) => line.includes('/page-'))).toHaveLength(50);
    expect(most).toBe(1);
    expect(server.connections()).toBe(1);
  });

  test('the time that is given is for the page, and for all links; what was not asked in it stays unknown', async () => {
    const slow = await site((request, response) => {
      if (request.url !== '/never') setTimeout(() => response.end(), 150);
    });
    const patience = { pageUrl: `${slow.origin}/`, links: ['/a', '/b', '/c', '/d', '/e', '/f'] };
    const checks = await slow.checkLinks({ ...patience, timeoutMs: 500 });
    expect(checks.map(({ reason }) => reason)).toContain('not_asked_in_time');
    const hold = await slow.open('/never', 300).catch((error: SiteHoldError) => error.hold);
    expect(hold).toMatchObject({ code: 'page_timeout', message: expect.stringContaining('0.3 seconds') });
  });

  test('a caller who gives up ends the check', async () => {
    const { origin, checkLinks } = await site(() => undefined);
    await expect(
      checkLinks({ pageUrl: `${origin}/`, links: ['/a'], signal: AbortSignal.timeout(100) }),
    ).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});
