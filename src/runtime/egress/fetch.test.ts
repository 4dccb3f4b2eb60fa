import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createAuthority } from '../../../examples/server/authority.ts';
import { systemClock } from '../clock.ts';
import { createGuardedFetch, type FetchRequest } from './fetch.ts';
import { createEgressGuard, type Resolve } from './guard.ts';
import { serve, serveTls } from './test-servers.ts';

const DAY_MS = 86_400_000;
const days = (n: number) => new Date(Date.now() + n * DAY_MS);

function client(
  allowTargets: string,
  more: { resolve?: Resolve; extraCa?: string; tls?: 'verify' | 'judge' } = {},
) {
  const { tls = 'verify', extraCa, ...guardDeps } = more;
  const guard = createEgressGuard({ allowTargets, ...guardDeps });
  const guarded = createGuardedFetch({ guard, clock: systemClock, userAgent: 'AgOS-Test/1', extraCa });
  const session = guarded.open({ tls, inLine: true });
  onTestFinished(() => session.close());
  return (url: string, request: Partial<FetchRequest> = {}) =>
    session.fetch({ url, maxBytes: 100_000, timeoutMs: 3_000, ...request });
}

describe('what it asks and reads', () => {
  test('it names itself and sends neither cookies of an earlier session nor credentials', async () => {
    const seen: Record<string, unknown>[] = [];
    const { port } = await serve((request, response) => {
      seen.push(request.headers);
      response
        .writeHead(request.url === '/' ? 302 : 200, { location: '/next', 'set-cookie': 'a=b' })
        .end('hello');
    });
    await client(`site.test:${port}=127.0.0.1`)(`http://site.test:${port}/next`);
    const answer = await client(`site.test:${port}=127.0.0.1`)(`http://site.test:${port}/`);
    expect(answer).toMatchObject({ status: 200, url: `http://site.test:${port}/next`, certificate: null });
    expect(answer.body.toString()).toBe('hello');
    expect(answer.hops).toEqual([
      { url: `http://site.test:${port}/`, status: 302, location: `http://site.test:${port}/next` },
    ]);
    expect(seen.map(({ cookie }) => cookie)).toEqual([undefined, undefined, 'a=b']);
    for (const headers of seen) {
      expect(headers['user-agent']).toBe('AgOS-Test/1');
      expect(headers).not.toHaveProperty('authorization');
      expect(headers).not.toHaveProperty('referer');
    }
  });

  test.each([
    ['gzip', gzipSync('compressed')],
    ['br', brotliCompressSync('compressed')],
    ['gzip, br', brotliCompressSync(gzipSync('compressed'))],
    ['GZIP', gzipSync('compressed')],
  ])('a body in %s is decompressed', async (encoding, body) => {
    const { port } = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': encoding }).end(body);
    });
    const answer = await client(`127.0.0.1:${port}`)(`http://127.0.0.1:${port}/`);
    expect(answer.body.toString()).toBe('compressed');
  });

  test('one host is asked one request at a time, two hosts side by side', async () => {
    let open = 0;
    let most = 0;
    const { port } = await serve(async (_request, response) => {
      open += 1;
      most = Math.max(most, open);
      await sleep(30);
      open -= 1;
      response.end('x');
    });
    const guard = createEgressGuard({ allowTargets: `a.test:${port}=127.0.0.1,b.test:${port}=127.0.0.1` });
    const guarded = createGuardedFetch({ guard, clock: systemClock, userAgent: 'AgOS-Test/1' });
    const ask = async (host: string) => {
      const session = guarded.open({ tls: 'verify', inLine: true });
      await session.fetch({ url: `http://${host}:${port}/`, maxBytes: 10, timeoutMs: 2_000 });
      await session.close();
    };
    await Promise.all([ask('a.test'), ask('a.test'), ask('a.test')]);
    expect(most).toBe(1);
    await Promise.all([ask('a.test'), ask('b.test')]);
    expect(most).toBe(2);
  });
});

describe('redirects', () => {
  // sabotage: src/runtime/egress/fetch.ts :: if (hops.length > maxRedirects) { => if (hops.length > 6) {
  test('five are followed, a sixth ends the fetch with all hops listed', async () => {
    const { port } = await serve((request, response) => {
      const n = Number(request.url?.slice(1));
      if (n === 0) response.end('there');
      else response.writeHead(302, { location: `/${n - 1}` }).end();
    });
    const ask = client(`127.0.0.1:${port}`);
    expect((await ask(`http://127.0.0.1:${port}/5`)).hops).toHaveLength(5);
    const fault = await ask(`http://127.0.0.1:${port}/6`).catch((error) => error);
    expect(fault).toMatchObject({ code: 'too_many_redirects' });
    expect(fault.hops).toHaveLength(6);
  });

  test('a site that asks for its cookie before it answers gets it, and no other host does', async () => {
    const cookies: (string | undefined)[] = [];
    const other = await serve((request, response) => {
      cookies.push(request.headers.cookie);
      response.end('other');
    });
    const { port } = await serve((request, response) => {
      if (request.url === '/away')
        response.writeHead(302, { location: `http://b.test:${other.port}/` }).end();
      else if (request.headers.cookie === 'seen=1; lang=de') response.end('there');
      else response.writeHead(302, { location: '/', 'set-cookie': ['seen=1', 'lang=de; HttpOnly'] }).end();
    });
    const ask = client(`a.test:${port}=127.0.0.1,b.test:${other.port}=127.0.0.1`);
    expect((await ask(`http://a.test:${port}/`)).body.toString()).toBe('there');
    expect((await ask(`http://a.test:${port}/away`)).body.toString()).toBe('other');
    expect(cookies).toEqual([undefined]);
  });

  // sabotage: src/runtime/egress/fetch.ts :: guard.checkUrl(request.url); =>
  test.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://2852039166/',
    'http://[::ffff:a9fe:a9fe]/',
    'https://localhost/',
    'http://internal.test/',
    'file:///etc/passwd',
    'https://user:pass@public.test/',
    'https://public.test:22/',
  ])('a redirect to %s is refused and its hop listed', async (location) => {
    const { port } = await serve((_request, response) => response.writeHead(301, { location }).end());
    const resolve: Resolve = async (host) => [
      { address: host === 'internal.test' ? '10.0.0.1' : '93.184.216.34', family: 4 },
    ];
    const fault = await client(`127.0.0.1:${port}`, { resolve })(`http://127.0.0.1:${port}/`).catch(
      (error) => error,
    );
    expect(fault).toMatchObject({ code: 'redirect_forbidden', hops: [{ status: 301 }] });
    expect(fault.message).toContain('Redirect 1 leads to');
  });

  test('a redirect that the body asks for counts as a hop', async () => {
    const { port } = await serve((_request, response) => response.end('again'));
    const ask = client(`127.0.0.1:${port}`);
    const url = `http://127.0.0.1:${port}/`;
    await expect(ask(url, { redirectIn: () => url })).rejects.toMatchObject({ code: 'too_many_redirects' });
    await expect(ask(url, { redirectIn: () => 'http://10.0.0.1/' })).rejects.toMatchObject({
      code: 'redirect_forbidden',
    });
  });
});

describe('forbidden targets get no byte', () => {
  test.each([
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '127.1',
    '[::ffff:7f00:1]',
    '127.0.0.1.',
    'localhost',
    '１２７.0.0.1',
  ])('%s is refused at the door', async (host) => {
    const server = await serve((_request, response) => response.end('secret'));
    const ask = client('other.test:80=127.0.0.1');
    await expect(ask(`http://${host}:${server.port}/`)).rejects.toMatchObject({ code: 'target_forbidden' });
    expect(server.connections()).toBe(0);
  });

  test('an answer that turns private after the check is refused at connect, with 0 bytes sent', async () => {
    const inside = { host: '127.83.12.7', port: 8080 };
    const server = await serve((_request, response) => response.end('secret'), inside);
    let asked = 0;
    const resolve: Resolve = async () => {
      asked += 1;
      return [{ address: asked === 1 ? '93.184.216.34' : inside.host, family: 4 }];
    };
    const guard = createEgressGuard({ allowTargets: undefined, resolve });
    await guard.resolve('rebind.test', inside.port);
    const guarded = createGuardedFetch({ guard, clock: systemClock, userAgent: 'AgOS-Test/1' });
    const session = guarded.open({ tls: 'verify', inLine: true });
    onTestFinished(() => session.close());
    const request = { url: `http://rebind.test:${inside.port}/`, maxBytes: 10, timeoutMs: 2_000 };
    await expect(session.fetch(request)).rejects.toMatchObject({ code: 'target_forbidden' });
    expect(asked).toBe(2);
    expect(server.connections()).toBe(0);
    expect(server.bytesReceived()).toBe(0);
  });

  // sabotage: src/runtime/egress/connector.ts :: connectorTo(deps, pinnedLookup(pinned))(options, => connectorTo(deps, ((_h: string, _o: object, done: (e: null, a: string, f: number) => void) => deps.guard.resolve(options.hostname, port).then((again) => done(null, again.address, again.family))) as never)(options,
  test('the connection goes where the judged answer said: a name is resolved once for each connection', async () => {
    let asked = 0;
    const resolve: Resolve = async () => {
      asked += 1;
      return [{ address: '192.0.2.1', family: 4 }];
    };
    const { port } = await serve((_request, response) => response.end('pinned'));
    const ask = client(`pinned.test:${port}=127.0.0.1`, { resolve });
    expect((await ask(`http://pinned.test:${port}/`)).body.toString()).toBe('pinned');
    expect(asked).toBe(0);
  });
});

describe('limits', () => {
  // sabotage: src/runtime/egress/body.ts :: callback(sizeBytes > maxBytes ? tooLarge(maxBytes) : null); => if (sizeBytes > 4 * maxBytes) source.destroy(); callback(null);
  test('a compressed bomb stops at the limit, which is named', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const { port } = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    });
    const fault = await client(`127.0.0.1:${port}`)(`http://127.0.0.1:${port}/`, {
      maxBytes: 2 * 1024 * 1024,
    }).catch((e) => e);
    expect(fault).toMatchObject({ code: 'too_large', message: 'The answer is larger than 2 MB.' });
  });

  test('an endless body stops at the limit', async () => {
    const { port } = await serve((_request, response) => {
      const timer = setInterval(() => response.write(Buffer.alloc(64_000)), 1);
      response.on('close', () => clearInterval(timer));
    });
    await expect(client(`127.0.0.1:${port}`)(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({
      code: 'too_large',
    });
  });

  // sabotage: src/runtime/egress/exchange.ts :: const signal = request.signal === undefined ? late : => const signal = request.signal === undefined ? undefined :
  test('a slow drip ends at the total time, which is named', async () => {
    const { port } = await serve((_request, response) => {
      const timer = setInterval(() => response.write('.'), 20);
      response.on('close', () => clearInterval(timer));
    });
    const startedAt = performance.now();
    const fault = await client(`127.0.0.1:${port}`)(`http://127.0.0.1:${port}/`, { timeoutMs: 400 }).catch(
      (e) => e,
    );
    expect(fault).toMatchObject({ code: 'timeout', message: expect.stringContaining('0.4 seconds') });
    expect(performance.now() - startedAt).toBeLessThan(1_500);
  });

  test('the total time spans all hops', async () => {
    const { port } = await serve(async (_request, response) => {
      await sleep(150);
      response.writeHead(302, { location: '/' }).end();
    });
    const fault = await client(`127.0.0.1:${port}`)(`http://127.0.0.1:${port}/`, { timeoutMs: 400 }).catch(
      (e) => e,
    );
    expect(fault).toMatchObject({ code: 'timeout' });
    expect(fault.hops.length).toBeGreaterThan(0);
  });

  // sabotage: src/runtime/egress/exchange.ts :: maxHeaderSize: MAX_HEADER_BYTES, => maxHeaderSize: 16_000_000,
  test('headers without end are refused', async () => {
    const { port } = await serve((_request, response) => {
      response.writeHead(200, { 'x-long': 'a'.repeat(100_000) }).end();
    });
    await expect(client(`127.0.0.1:${port}`)(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({
      code: 'too_large',
    });
  });

  test('a caller who gives up gets its own reason back', async () => {
    const { port } = await serve(() => undefined);
    const reason = new Error('cancelled by the caller');
    const ask = client(`127.0.0.1:${port}`)(`http://127.0.0.1:${port}/`, {
      signal: AbortSignal.any([AbortSignal.timeout(100)]),
    });
    await expect(ask).rejects.toMatchObject({ name: 'TimeoutError' });
    await expect(
      client(`127.0.0.1:${port}`)(`http://127.0.0.1:${port}/`, { signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
  });
});

describe('sites that cannot be reached', () => {
  test('a port where nothing listens, a reset and a name without address are unreachable', async () => {
    const { port } = await serve((request) => request.socket.destroy());
    const busy = Object.assign(new Error('busy'), { code: 'EAI_AGAIN' });
    const resolve: Resolve = async (host) => (host === 'gone.test' ? [] : Promise.reject(busy));
    const ask = client(`127.0.0.1:${port},127.0.0.1:1`, { resolve });
    await expect(ask('http://127.0.0.1:1/')).rejects.toMatchObject({
      code: 'unreachable',
      message: '127.0.0.1:1 refuses connections.',
    });
    await expect(ask(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({
      code: 'unreachable',
      noSuchHost: false,
    });
    await expect(ask(`https://127.0.0.1:${port}/`)).rejects.toMatchObject({ code: 'unreachable' });
    await expect(ask('http://gone.test/')).rejects.toMatchObject({ code: 'unreachable', noSuchHost: true });
    await expect(ask('http://busy.test/')).rejects.toMatchObject({ code: 'unreachable', noSuchHost: false });
  });
});

describe('certificates', () => {
  const names = ['site.test'];
  const term = { notBefore: days(-30), notAfter: days(60) };
  const cases = [
    ['valid', { names, ...term }, null],
    ['expired', { names, notBefore: days(-90), notAfter: days(-2) }, 'expired'],
    [
      'expired and for another name',
      { names: ['other.test'], notBefore: days(-90), notAfter: days(-2) },
      'expired',
    ],
    [
      'expired and signed by itself',
      { names, notBefore: days(-90), notAfter: days(-2), selfSigned: true },
      'expired',
    ],
    ['not yet valid', { names, notBefore: days(2), notAfter: days(60) }, 'invalid'],
    ['signed by itself', { names, ...term, selfSigned: true }, 'invalid'],
    ['for another name', { names: ['other.test', '*.other.test'], ...term }, 'invalid'],
  ] as const;

  test.each(cases)(
    'a certificate that is %s is judged so, and strict connections send no byte over a fault',
    async (_name, request, fault) => {
      const authority = await createAuthority();
      const issued = await authority.issue({ ...request, names: [...request.names] });
      let asked = 0;
      const { port } = await serveTls(issued, (_request, response) => {
        asked += 1;
        response.end('page');
      });
      const url = `https://site.test:${port}/`;
      const allow = `site.test:${port}=127.0.0.1`;
      const judged = await client(allow, { extraCa: authority.certificatePem, tls: 'judge' })(url);
      expect(judged.body.toString()).toBe('page');
      expect(judged.certificate).toMatchObject({ fault, subject: request.names[0] });
      expect(judged.certificate?.validTo?.slice(0, 10)).toBe(request.notAfter.toISOString().slice(0, 10));
      if (fault !== null) expect(judged.certificate?.reason).toMatch(/^The .*\.$/);
      const strict = client(allow, { extraCa: authority.certificatePem })(url);
      if (fault === null) expect((await strict).status).toBe(200);
      else await expect(strict).rejects.toMatchObject({ code: 'unreachable' });
      expect(asked).toBe(fault === null ? 2 : 1);
    },
  );

  test('without the extra authority its certificates are not trusted', async () => {
    const authority = await createAuthority();
    const { port } = await serveTls(await authority.issue({ names, ...term }), (_request, response) =>
      response.end(),
    );
    const answer = await client(`site.test:${port}=127.0.0.1`, { tls: 'judge' })(
      `https://site.test:${port}/`,
    );
    expect(answer.certificate).toMatchObject({ fault: 'invalid' });
  });
});
