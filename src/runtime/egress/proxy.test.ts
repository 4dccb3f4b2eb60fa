import { createServer, request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createEgressGuard, type Resolve } from './guard.ts';
import { type FilteringProxy, startFilteringProxy } from './proxy.ts';
import { listen, serve } from './test-servers.ts';

async function startProxy(allowTargets: string, more: { resolve?: Resolve; maxBytes?: number } = {}) {
  const { maxBytes, ...guardDeps } = more;
  const guard = createEgressGuard({ allowTargets, ...guardDeps });
  const proxy = await startFilteringProxy({ guard, ...(maxBytes === undefined ? {} : { maxBytes }) });
  let open = true;
  onTestFinished(() => (open ? proxy.close() : undefined));
  return Object.assign(proxy, {
    closeNow: async () => {
      open = false;
      await proxy.close();
    },
  });
}

const portOf = (proxy: FilteringProxy) => Number(new URL(proxy.url).port);

async function get(
  proxy: FilteringProxy,
  url: string,
): Promise<{ status: number; refused: unknown; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number;
    refused: unknown;
    body: string;
  }>();
  const asked = httpRequest(
    { host: '127.0.0.1', port: portOf(proxy), path: url, headers: { host: 'x' } },
    (response) => {
      text(response).then((body) => {
        resolve({ status: response.statusCode ?? 0, refused: response.headers['x-agos-refused'], body });
      }, reject);
    },
  );
  asked.on('error', reject).end();
  return promise;
}

/** Asks for a tunnel and gives back its socket with the first line of the answer. */
async function tunnel(proxy: FilteringProxy, target: string): Promise<{ line: string; socket: Socket }> {
  const socket = connect(portOf(proxy), '127.0.0.1');
  onTestFinished(() => {
    socket.destroy();
  });
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  socket.once('data', (chunk: Buffer) => resolve(chunk.toString().split('\r\n')[0] ?? ''));
  socket.once('error', reject);
  return { line: await promise, socket };
}

describe('what is let out', () => {
  test('an allowed name goes to its pinned address, by plain http and by tunnel', async () => {
    const server = await serve((request, response) => response.end(`page ${request.headers.host}`));
    const proxy = await startProxy(`site.test:${server.port}=127.0.0.1`);
    expect(await get(proxy, `http://site.test:${server.port}/a`)).toMatchObject({
      status: 200,
      body: 'page x',
    });
    const { line, socket } = await tunnel(proxy, `site.test:${server.port}`);
    expect(line).toBe('HTTP/1.1 200 Connection Established');
    socket.write('GET / HTTP/1.0\r\nHost: tunnelled\r\n\r\n');
    expect(await text(socket)).toContain('page tunnelled');
    expect(proxy.blockedCount()).toBe(0);
  });

  test('a WebSocket to an allowed host opens, one to an internal host does not', async () => {
    const upgrading = createServer();
    upgrading.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n'));
    const server = await listen(upgrading);
    const proxy = await startProxy(`site.test:${server.port}=127.0.0.1`);
    const { socket } = await tunnel(proxy, `site.test:${server.port}`);
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    expect(await text(socket)).toContain('101 Switching Protocols');
    const refused = await tunnel(proxy, `127.0.0.1:${server.port}`);
    expect(refused.line).toContain('403');
    expect(server.connections()).toBe(1);
  });

  // sabotage: src/runtime/egress/guard.ts :: if (answers.some(({ address }) => !isPublicAddress(address))) { => if (false) {
  test('an answer that turns private after the check is refused at connect, with 0 bytes sent', async () => {
    const inside = { host: '127.83.12.8', port: 8080 };
    const server = await serve((_request, response) => response.end('secret'), inside);
    let asked = 0;
    const resolve: Resolve = async () => {
      asked += 1;
      return [{ address: asked === 1 ? '93.184.216.34' : inside.host, family: 4 }];
    };
    const guard = createEgressGuard({ allowTargets: undefined, resolve });
    const proxy = await startFilteringProxy({ guard });
    onTestFinished(() => proxy.close());
    await guard.resolve('rebind.test', 8080);
    expect((await tunnel(proxy, 'rebind.test:8080')).line).toContain('403');
    expect(asked).toBe(2);
    expect(server.connections()).toBe(0);
  });
});

describe('what is refused', () => {
  const literals = [
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '127.1',
    '[::1]',
    '[::ffff:7f00:1]',
    '169.254.169.254',
    'localhost',
    '127.0.0.1.',
  ];

  // sabotage: src/runtime/egress/proxy.ts :: throw refusal(403, 'target_forbidden'); => return (_h, _o, done) => done(null, '127.0.0.1', 4);
  test.each(literals)('%s gets 0 bytes, by plain http and by tunnel, and is reported', async (host) => {
    const server = await serve((_request, response) => response.end('secret'));
    const proxy = await startProxy('other.test:80=127.0.0.1');
    const answer = await get(proxy, `http://${host}:${server.port}/secret`);
    expect(answer).toMatchObject({ status: 403, refused: 'target_forbidden' });
    expect((await tunnel(proxy, `${host}:${server.port}`)).line).toContain('403');
    expect(server.connections()).toBe(0);
    expect(proxy.blocked()).toEqual([
      expect.objectContaining({ url: `http://${host}:${server.port}/secret`, port: server.port }),
      expect.objectContaining({ port: server.port, reason: expect.stringContaining('not a public') }),
    ]);
    expect(proxy.blocked()[1]?.url).toBe(new URL(`http://${proxy.blocked()[1]?.url}`).host);
  });

  test('a public name with a private answer is refused', async () => {
    const proxy = await startProxy('', { resolve: async () => [{ address: '10.0.0.1', family: 4 }] });
    expect((await tunnel(proxy, 'public.test:443')).line).toContain('403');
    expect(proxy.blocked()).toMatchObject([{ url: 'public.test:443', host: 'public.test', port: 443 }]);
  });

  test.each([22, 25, 5432])('CONNECT to port %i is refused', async (port) => {
    const proxy = await startProxy('', { resolve: async () => [{ address: '93.184.216.34', family: 4 }] });
    expect((await tunnel(proxy, `public.test:${port}`)).line).toContain('403');
    expect(proxy.blocked()).toMatchObject([{ reason: `Port ${port} of public.test is not allowed.` }]);
  });

  // sabotage: src/runtime/egress/proxy.ts :: if (host !== null && BROWSER_HOMES.has(host)) throw refusal(403, 'browser_call'); =>
  test("Chromium's own calls home are refused and not counted against the page", async () => {
    const proxy = await startProxy('', { resolve: async () => [{ address: '93.184.216.34', family: 4 }] });
    expect((await tunnel(proxy, 'update.googleapis.com:443')).line).toContain('403');
    expect(proxy.blockedCount()).toBe(0);
  });

  test('a host that pages use for signing in is a host like any other', async () => {
    const asked: string[] = [];
    const resolve: Resolve = async (host) => {
      asked.push(host);
      return [];
    };
    const proxy = await startProxy('', { resolve });
    await tunnel(proxy, 'accounts.google.com:443');
    expect(asked).toEqual(['accounts.google.com']);
  });

  test('a name without address is unreachable, not blocked', async () => {
    const proxy = await startProxy('', { resolve: async () => [] });
    expect(await get(proxy, 'http://gone.test/')).toMatchObject({ status: 502, refused: 'unreachable' });
    expect(proxy.blockedCount()).toBe(0);
  });
});

describe('limits and end', () => {
  // sabotage: src/runtime/egress/proxy.ts :: isOver ||= receivedBytes() > maxBytes; =>
  test('past the byte limit every connection is closed and nothing more gets out', async () => {
    const server = await serve((_request, response) => {
      const timer = setInterval(() => response.write(Buffer.alloc(50_000)), 1);
      response.on('close', () => clearInterval(timer));
    });
    const proxy = await startProxy(`site.test:${server.port}=127.0.0.1`, { maxBytes: 500_000 });
    await expect(get(proxy, `http://site.test:${server.port}/`)).rejects.toThrow();
    expect(proxy.overLimit()).toBe(true);
    expect(proxy.receivedBytes()).toBeGreaterThan(500_000);
    const after = server.connections();
    // The connections that are being closed may take a new one along: the client asks again.
    const again = () => get(proxy, `http://site.test:${server.port}/`).catch((error: Error) => error.message);
    await expect.poll(again).toMatchObject({ refused: 'page_too_large' });
    expect(server.connections()).toBe(after);
  });

  test('closing ends open tunnels and frees the port', async () => {
    const server = await serve(() => undefined);
    const proxy = await startProxy(`site.test:${server.port}=127.0.0.1`);
    const { socket } = await tunnel(proxy, `site.test:${server.port}`);
    const ended = new Promise((resolve) => socket.once('close', resolve));
    await proxy.closeNow();
    await ended;
    await expect(get(proxy, `http://site.test:${server.port}/`)).rejects.toThrow(/ECONNREFUSED/);
  });

  // sabotage: src/runtime/egress/tunnel.ts :: client.once('close', () => server.destroy()); =>
  test('a server that never stops sending is cut off when the browser is gone', async () => {
    const server = await serve((_request, response) => {
      const timer = setInterval(() => response.write(Buffer.alloc(10_000)), 5);
      response.on('close', () => {
        clearInterval(timer);
        cutOff();
      });
    });
    const { promise: wasCutOff, resolve: cutOff } = Promise.withResolvers<void>();
    const proxy = await startProxy(`site.test:${server.port}=127.0.0.1`);
    const { socket } = await tunnel(proxy, `site.test:${server.port}`);
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await sleep(50);
    await proxy.closeNow();
    expect(await Promise.race([wasCutOff.then(() => 'cut off'), sleep(1_000, 'still sending')])).toBe(
      'cut off',
    );
  });

  test('a tunnel to a port where nobody listens is answered as unreachable', async () => {
    const proxy = await startProxy('site.test:1=127.0.0.1');
    expect((await tunnel(proxy, 'site.test:1')).line).toContain('502');
    expect(proxy.blockedCount()).toBe(0);
  });

  test('two scans never share a list', async () => {
    const [one, two] = [await startProxy(''), await startProxy('')];
    await tunnel(one, '10.0.0.1:80');
    expect([one.blockedCount(), two.blockedCount()]).toEqual([1, 0]);
  });
});
