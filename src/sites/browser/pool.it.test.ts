import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { servePages, type TestPages, testPool } from '../../../tests/support/test-browser.ts';
import { SiteHoldError } from '../../kernel/holds.ts';
import type { BrowserPool, BrowserPoolOptions } from './pool.ts';
import { killProcess, killTree, processTree } from './process-tree.ts';

let pages: TestPages;
beforeAll(async () => {
  pages = await servePages('shop.test', (_req, res) => {
    res.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>shop</title>');
  });
});
afterAll(() => pages.close());

async function poolWith(options: Partial<BrowserPoolOptions> = {}): Promise<BrowserPool> {
  const pool = await testPool(`shop.test:${pages.port}=127.0.0.1`, options);
  onTestFinished(() => pool.close());
  return pool;
}

/** Opens the shop and keeps it open for `fn`. */
async function inShop<T>(
  pool: BrowserPool,
  fn: (page: Page) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  return await pool.withSite({ signal: signal ?? AbortSignal.timeout(20_000), deadlineMs: 15_000 }, (site) =>
    site.withPage({ device: 'desktop', deadlineMs: 15_000 }, async (page) => {
      await page.goto(pages.url('/'));
      return await fn(page);
    }),
  );
}

/** A site that stays open until its browser or its signal ends it; `opened` resolves once its page is there. */
function openShop(
  pool: BrowserPool,
  signal?: AbortSignal,
): { opened: Promise<void>; ended: Promise<unknown> } {
  const { promise: opened, resolve } = Promise.withResolvers<void>();
  const stay = async (): Promise<void> => {
    resolve();
    await delay(12_000);
  };
  return { opened, ended: codeOf(inShop(pool, stay, signal)) };
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'finished',
    (error: unknown) => (error instanceof SiteHoldError ? error.hold.code : String(error)),
  );

async function crash(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Page.crash').catch(() => undefined);
  await delay(10_000);
}

test('every context is closed, whether its site ended well or badly', async () => {
  const pool = await poolWith();
  const contexts = await inShop(pool, async (page) => {
    const browser = page.context().browser();
    await inShop(pool, async () => undefined);
    await inShop(pool, () => Promise.reject(new Error('collector failed'))).catch(() => undefined);
    await codeOf(inShop(pool, crash));
    return () => browser?.contexts().length;
  });
  expect(contexts()).toBe(0);
  expect(pool.status()).toMatchObject({ openSites: 0, browsersStarted: 1 });
});

test('one site sees no cookie of another', async () => {
  const pool = await poolWith();
  const visits = (page: Page) => page.evaluate(() => localStorage.setItem('visited', 'yes'));
  await inShop(pool, async (page) => {
    await page.context().addCookies([{ name: 'visited', value: 'yes', url: pages.url('/') }]);
    await visits(page);
  });
  const seen = await inShop(pool, (page) => page.evaluate(() => [document.cookie, localStorage.length]));
  expect(seen).toEqual(['', 0]);
});

test('a renderer that dies while its page loads counts as a crash, not as a site that does not answer', async () => {
  // sabotage: src/sites/browser/open-site.ts :: await Promise.race([crashed.promise, delay(CRASH_NOTICE_MS, null, { ref: false })]); =>
  const asked = Promise.withResolvers<void>();
  const slow = await servePages('slow.test', () => asked.resolve());
  onTestFinished(() => slow.close());
  const pool = await testPool(`slow.test:${slow.port}=127.0.0.1`);
  onTestFinished(() => pool.close());
  const signal = AbortSignal.timeout(20_000);
  const visit = pool.withSite({ signal, deadlineMs: 15_000 }, (site) =>
    site.withPage({ device: 'phone', deadlineMs: 15_000 }, (page) => page.goto(slow.url('/'))),
  );
  const ended = codeOf(visit);
  await asked.promise;
  for (const { pid } of processTree(pool.status().browserPid!)) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.includes('--type=renderer')) killProcess(pid);
  }
  expect(await ended).toBe('browser_crashed');
});

test('a crashed renderer ends its own site alone', async () => {
  const pool = await poolWith();
  const bystander = inShop(pool, async (page) => {
    await delay(1_500);
    return await page.title();
  });
  expect(await codeOf(inShop(pool, crash))).toBe('browser_crashed');
  expect(await bystander).toBe('shop');
  expect(pool.status().browsersStarted).toBe(1);
});

test('a killed browser ends the sites open in it, the next site gets a new one, and nothing is left behind', async () => {
  const pool = await poolWith();
  const open = [openShop(pool), openShop(pool)];
  await Promise.all(open.map(({ opened }) => opened));
  const { browserPid } = pool.status();
  const pids = processTree(browserPid ?? 0).map(({ pid }) => pid);
  const profile = /user-data-dir=(\S+?)\0/.exec(await commandLine(browserPid ?? 0))?.[1] ?? '';
  expect(existsSync(profile)).toBe(true);
  killTree(browserPid ?? 0);
  expect(await Promise.all(open.map(({ ended }) => ended))).toEqual(['browser_crashed', 'browser_crashed']);
  expect(await inShop(pool, (page) => page.title())).toBe('shop');
  expect(pool.status().browsersStarted).toBe(2);
  await expect.poll(() => pids.filter((pid) => existsSync(`/proc/${pid}`)), { timeout: 5_000 }).toEqual([]);
  expect(existsSync(profile)).toBe(false);
});

async function commandLine(pid: number): Promise<string> {
  // Playwright names a folder of its own first; the last one counts.
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8');
  return text.slice(text.lastIndexOf('--user-data-dir'));
}

test('a browser is replaced after its number of sites, and never under an open one', async () => {
  const pool = await poolWith({ maxSites: 2 });
  const first = inShop(pool, async (page) => {
    await delay(1_000);
    return await page.title();
  });
  await inShop(pool, async () => undefined);
  expect(await Promise.all([first, inShop(pool, (page) => page.title())])).toEqual(['shop', 'shop']);
  expect(pool.status().browsersStarted).toBe(2);
});

test('a browser that holds too much memory is replaced once no site is open', async () => {
  const pool = await poolWith({ maxMemoryMb: 50 });
  await inShop(pool, async () => undefined);
  await inShop(pool, async () => undefined);
  expect(pool.status().browsersStarted).toBe(2);
});

test('a cancelled call ends at once with its own reason and frees the site', async () => {
  const pool = await poolWith();
  const controller = new AbortController();
  const { opened, ended } = openShop(pool, controller.signal);
  await opened;
  const startedAt = performance.now();
  controller.abort(new Error('the lead was deleted'));
  expect(await ended).toBe('Error: the lead was deleted');
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  expect(pool.status().openSites).toBe(0);
});

test('a Chromium that cannot start fails the call, and the pool tries again with the next one', async () => {
  const pool = await poolWith({ executablePath: '/nowhere/chromium' });
  await expect(inShop(pool, async () => undefined)).rejects.toThrow('There is no Chromium');
  await expect(inShop(pool, async () => undefined)).rejects.toThrow('There is no Chromium');
});

test('a closed pool ends what is open and starts nothing more', async () => {
  const pool = await poolWith();
  const { opened, ended } = openShop(pool);
  await opened;
  const pid = pool.status().browserPid ?? 0;
  await pool.close();
  expect(await ended).toBe('browser_crashed');
  expect(existsSync(`/proc/${pid}`)).toBe(false);
  await expect(inShop(pool, async () => undefined)).rejects.toThrow('closed');
});
