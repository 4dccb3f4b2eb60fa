import { describe, expect, test } from 'vitest';
import { createEgressGuard, pinnedLookup, type Resolve } from './guard.ts';

const failing =
  (code: string): Resolve =>
  () =>
    Promise.reject(Object.assign(new Error(code), { code }));

const answering =
  (...addresses: string[]) =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

describe('resolve', () => {
  test('a public name is pinned to its answers, in the order given', async () => {
    const guard = createEgressGuard({
      allowTargets: undefined,
      resolve: answering('2606:4700::1', '93.184.216.34'),
    });
    const pinned = await guard.resolve('Example.com.', 443);
    expect(pinned).toMatchObject({ address: '2606:4700::1', family: 6 });
    expect(pinned.answers).toHaveLength(2);
    pinnedLookup(pinned)('example.com', { all: true }, (_error, all) => expect(all).toEqual(pinned.answers));
    pinnedLookup(pinned)('example.com', {}, (_error, one) => expect(one).toBe('2606:4700::1'));
  });

  // sabotage: src/runtime/egress/guard.ts :: if (answers.some(({ address }) => !isPublicAddress(address))) { => if (!isPublicAddress(answers[0]?.address ?? '')) {
  // sabotage: src/runtime/egress/ranges.ts :: if (parsed.range() !== 'unicast') return false; =>
  test.each([
    [['127.0.0.1']],
    [['93.184.216.34', '10.0.0.1']],
    [['93.184.216.34', '::1']],
    [['::ffff:127.0.0.1']],
    [['64:ff9b::a00:1']],
    [['169.254.169.254']],
    [['fe80::1%eth0']],
    [['not an address']],
  ])('a public name that resolves to %j is refused', async (addresses) => {
    const guard = createEgressGuard({ allowTargets: undefined, resolve: answering(...addresses) });
    await expect(guard.resolve('example.com', 443)).rejects.toMatchObject({
      code: 'target_forbidden',
      port: 443,
    });
  });

  // sabotage: src/runtime/egress/guard.ts :: if (isForbiddenHost(name)) { => if (false) {
  test.each([
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '[::1]',
    '::1',
    'localhost',
    'x.internal',
    '169.254.169.254',
  ])('the literal or private name %s is refused without asking the resolver', async (host) => {
    let asked = 0;
    const guard = createEgressGuard({
      allowTargets: undefined,
      resolve: async () => {
        asked++;
        return [];
      },
    });
    await expect(guard.resolve(host, 80)).rejects.toMatchObject({ code: 'target_forbidden' });
    expect(asked).toBe(0);
  });

  // sabotage: src/runtime/egress/guard.ts :: if (!isPublicPort(port)) { => if (false) {
  test('a port outside the rules is refused', async () => {
    const guard = createEgressGuard({ allowTargets: undefined, resolve: answering('93.184.216.34') });
    await expect(guard.resolve('example.com', 25)).rejects.toMatchObject({ code: 'target_forbidden' });
  });

  test.each<[string, Resolve, boolean]>([
    ['ENOTFOUND', failing('ENOTFOUND'), true],
    ['ENODATA', failing('ENODATA'), true],
    ['EBADNAME', failing('EBADNAME'), true],
    ['no answers', answering(), true],
    ['ETIMEOUT', failing('ETIMEOUT'), false],
    ['SERVFAIL', failing('ESERVFAIL'), false],
  ])(
    'a name is unreachable, and missing only when the resolver says so: %s',
    async (_name, resolve, noSuchHost) => {
      const guard = createEgressGuard({ allowTargets: undefined, resolve });
      await expect(guard.resolve('gone.example', 443)).rejects.toMatchObject({
        code: 'unreachable',
        noSuchHost,
      });
    },
  );
});

describe('the development allow-list', () => {
  const allowTargets = 'shop.test:8443=127.0.0.1, other.test:9001=127.3.4.5,127.0.0.1:9000,[::1]:9002';
  const guard = createEgressGuard({ allowTargets, resolve: answering('10.0.0.1') });

  // sabotage: src/runtime/egress/allow-list.ts :: return `${host}:${port}`; => return `${host}`;
  test('a listed name leads to its address for its port alone', async () => {
    expect(await guard.resolve('SHOP.test.', 8443)).toMatchObject({ address: '127.0.0.1', family: 4 });
    expect(await guard.resolve('other.test', 9001)).toMatchObject({ address: '127.3.4.5' });
    expect(await guard.resolve('[::1]', 9002)).toMatchObject({ address: '::1', family: 6 });
    await expect(guard.resolve('shop.test', 443)).rejects.toMatchObject({ code: 'target_forbidden' });
    await expect(guard.resolve('sub.shop.test', 8443)).rejects.toMatchObject({ code: 'target_forbidden' });
    await expect(guard.resolve('127.0.0.1', 8443)).rejects.toMatchObject({ code: 'target_forbidden' });
    expect(guard.allowTargetFor('shop.test', 8444)).toBeNull();
  });

  test('checkUrl lets listed targets pass and nothing beside them', () => {
    for (const url of ['https://shop.test:8443/x', 'http://127.0.0.1:9000/', 'http://[::1]:9002/'])
      guard.checkUrl(url);
    for (const url of ['http://127.0.0.1:9001/', 'http://[::1]:9000/', 'http://localhost:9000/']) {
      expect(() => guard.checkUrl(url)).toThrow(expect.objectContaining({ code: 'url_target_forbidden' }));
    }
  });

  test.each([
    'shop.test',
    'shop.test:8443=',
    'shop.test:8443=localhost',
    'shop.test=127.0.0.1',
    'shop.test:x=127.0.0.1',
    '*.test:80=127.0.0.1',
    'shop.test:0=127.0.0.1',
    'shop.test:70000=127.0.0.1',
    'localhost:3000',
    'http://shop.test:80=127.0.0.1',
    '10.0.0.1:80=127.0.0.1',
    'a.test:80=127.0.0.1,a.test:80=127.0.0.2',
  ])('the malformed list %s stops the process with a sentence', (text) => {
    expect(() => createEgressGuard({ allowTargets: text })).toThrow(/^AGOS_ALLOW_TARGETS: "/);
  });
});
