import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { createEgressGuard, type EgressGuard } from './guard.ts';
import { startFilteringProxy } from './proxy.ts';
import { createResolve, sharing } from './resolve-name.ts';
import { serveDns, type Zone } from './test-dns.ts';

const V6 = '2606:4700:0:0:0:0:0:1111';

test('both families are asked, IPv4 stands first, and other names are followed', async () => {
  const { servers } = await serveDns({
    'both.test': { A: ['8.8.8.8', '8.8.4.4'], AAAA: [V6] },
    'www.test': { CNAME: 'both.test' },
  });
  const resolve = createResolve({ servers });
  const both = [
    { address: '8.8.8.8', family: 4 },
    { address: '8.8.4.4', family: 4 },
    { address: '2606:4700::1111', family: 6 },
  ];
  expect(await resolve('both.test')).toEqual(both);
  expect(await resolve('www.test')).toEqual(both);
});

test('what one family answers is enough, whatever the other says', async () => {
  const { servers } = await serveDns({
    'four.test': { A: ['8.8.8.8'] },
    'six.test': { AAAA: [V6] },
    'half.test': { A: ['8.8.8.8'], AAAA: 'silent' },
  });
  const resolve = createResolve({ servers, limitMs: 500 });
  expect(await resolve('half.test')).toEqual([{ address: '8.8.8.8', family: 4 }]);
  expect(await resolve('four.test')).toEqual([{ address: '8.8.8.8', family: 4 }]);
  expect(await resolve('six.test')).toEqual([{ address: '2606:4700::1111', family: 6 }]);
});

test('a name that is missing is told from a server that fails', async () => {
  const { servers } = await serveDns({ 'empty.test': {}, 'broken.test': { rcode: 2 } });
  const guard = createEgressGuard({ allowTargets: undefined, resolve: createResolve({ servers }) });
  const asked = (host: string) => guard.resolve(host, 443).catch((error: unknown) => error);
  for (const host of ['gone.test', 'empty.test', `${'a'.repeat(70)}.test`]) {
    expect(await asked(host)).toMatchObject({ code: 'unreachable', noSuchHost: true });
  }
  expect(await asked('broken.test')).toMatchObject({ code: 'unreachable', noSuchHost: false });
});

// sabotage: src/runtime/egress/resolve-name.ts :: const timer = setTimeout(() => resolver.cancel(), limitMs); => const timer = setTimeout(() => undefined, limitMs);
test('a server that says nothing is given up at the limit, and does not make a name missing', async () => {
  const { servers } = await serveDns({ 'silent.test': 'silent' });
  const resolve = createResolve({ servers, limitMs: 300 });
  const guard = createEgressGuard({ allowTargets: undefined, resolve });
  const startedMs = performance.now();
  const refused = await guard.resolve('silent.test', 443).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'unreachable', noSuchHost: false });
  expect(performance.now() - startedMs).toBeLessThan(1_400);
});

// sabotage: src/runtime/egress/resolve-name.ts :: if (known) return known; =>
test('equal look-ups that are under way are one; the next asks again', async () => {
  const { servers, asked } = await serveDns({ 'slow.test': { A: ['8.8.8.8'], afterMs: 100 } });
  const guard = createEgressGuard({ allowTargets: undefined, resolve: createResolve({ servers }) });
  await Promise.all(Array.from({ length: 50 }, () => guard.resolve('slow.test', 443)));
  expect(asked.sort()).toEqual(['A slow.test', 'AAAA slow.test']);
  await guard.resolve('slow.test', 443);
  expect(asked).toHaveLength(4);
});

test('a look-up that fails fails for all who wait, and is forgotten', async () => {
  let asked = 0;
  const resolve = sharing(async () => {
    asked += 1;
    throw new Error('no');
  });
  const both = await Promise.allSettled([resolve('a.test'), resolve('a.test')]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await expect(resolve('a.test')).rejects.toThrow('no');
  expect(asked).toBe(2);
});

const slowZone = (count: number): Zone =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`slow${index}.test`, 'silent']));

const guardOver = (servers: string[]) =>
  createEgressGuard({ allowTargets: undefined, resolve: createResolve({ servers }) });

async function startScan(guard: EgressGuard) {
  const proxy = await startFilteringProxy({ guard });
  onTestFinished(() => proxy.close());
  return proxy;
}

/** Asks a scan's proxy for a tunnel; the first line of its answer. */
async function tunnelLine({ url }: { url: string }, host: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.write(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const [chunk] = await once(socket, 'data');
  return String(chunk).split('\r\n')[0]!;
}

// sabotage: src/runtime/egress/proxy.ts :: const lookUps = pLimit(MAX_LOOK_UPS); => const lookUps = pLimit(1_000);
test('a page full of names that nobody answers asks for a few at once, and holds up no other scan', async () => {
  const { servers, asked } = await serveDns({ ...slowZone(60), 'quick.test': { A: ['10.0.0.1'] } });
  const guard = guardOver(servers);
  const [hostile, other] = [await startScan(guard), await startScan(guard)];
  for (let index = 0; index < 60; index += 1) void tunnelLine(hostile, `slow${index}.test`);
  await expect.poll(() => asked.length).toBeGreaterThanOrEqual(32);
  const startedMs = performance.now();
  expect(await tunnelLine(other, 'quick.test')).toContain('403');
  expect(performance.now() - startedMs).toBeLessThan(1_000);
  expect(new Set(asked.filter((question) => question.includes('slow'))).size, 'A and AAAA of 16 names').toBe(
    32,
  );
});

// sabotage: src/runtime/egress/proxy.ts :: if (request.socket.destroyed) throw refusal(403, 'client_gone'); =>
test('what waits for its turn when the scan ends is never asked', async () => {
  const names = Array.from({ length: 40 }, (_, index) => `slow${index}.test`);
  const { servers, asked } = await serveDns(
    Object.fromEntries(names.map((name) => [name, { afterMs: 300 }])),
  );
  const proxy = await startScan(guardOver(servers));
  for (const name of names) void tunnelLine(proxy, name);
  await expect.poll(() => asked.length).toBeGreaterThanOrEqual(32);
  await proxy.close();
  await sleep(1_000);
  expect(new Set(asked).size).toBe(32);
});
