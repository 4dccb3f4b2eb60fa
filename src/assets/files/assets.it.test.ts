import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestApp, TEST_ASSETS_ORIGIN, TEST_SECRET, type TestApp } from '../../../tests/support/app.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import { createLogger } from '../../runtime/logger.ts';
import type { AssetRow } from './repository.ts';
import { createAssetsServer } from './server.ts';
import { type AssetStore, createAssetStore, type NewAsset } from './store.ts';

let app: TestApp;
let tenant: TestTenant;
let store: AssetStore;
let now = new Date('2026-11-21T10:00:00Z');
const clock = { now: () => now };
beforeAll(async () => {
  app = await createTestApp();
  tenant = await createTenant(app.database);
  store = createAssetStore(options());
});
afterAll(() => app.close());

const options = () => ({ dir: app.assetsDir, origin: TEST_ASSETS_ORIGIN, signingSecret: TEST_SECRET, clock });
const server = () => createAssetsServer({ ...options(), logger: createLogger({ level: 'silent' }) });
const get = (url: string, init?: RequestInit) => server().request(url, init);

function save(text: string, change: Partial<NewAsset> = {}, of = tenant): Promise<AssetRow> {
  const asset: NewAsset = {
    tenant: of.id,
    leadId: null,
    kind: 'report_html',
    filename: 'report.html',
    mime: 'text/html',
    bytes: Buffer.from(text),
    createdBy: of.keys.owner.id,
    ...change,
  };
  return app.database.db.withTenant(of.scope, (tx) => store.save(tx, asset));
}

async function filesOnDisk(): Promise<string[]> {
  const all = await readdir(app.assetsDir, { recursive: true, withFileTypes: true });
  return all.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
}

describe('the store', () => {
  test('gives back what it was given, keeps equal bytes once per tenant and never shares them between tenants', async () => {
    const first = await save('<p>one</p>');
    const files = (await filesOnDisk()).length;
    const second = await save('<p>one</p>', { filename: 'again.html' });
    expect((await filesOnDisk()).length).toBe(files);
    expect(second.digest).toBe(first.digest);
    expect(Buffer.from(await store.read(second)).toString()).toBe('<p>one</p>');
    const other = await createTenant(app.database);
    await save('<p>one</p>', {}, other);
    expect((await filesOnDisk()).length).toBe(files + 1);
  });

  test('leaves no half-written file, and none that others on the machine can read', async () => {
    await save('<p>private</p>');
    for (const file of await filesOnDisk()) {
      expect(file).toMatch(/\/[0-9a-f]{2}\/[0-9a-f]{64}$/);
      expect((await stat(file)).mode & 0o077).toBe(0);
    }
  });

  test('notices a file that was changed on disk', async () => {
    const asset = await save('<p>original</p>');
    const file = (await filesOnDisk()).find((path) => path.endsWith(asset.digest))!;
    await writeFile(file, (await readFile(file, 'utf8')).replace('original', 'forged!!'));
    await expect(store.read(asset)).rejects.toThrow(/damaged/);
  });

  test('refuses media types that it does not serve, and tames file names', async () => {
    await expect(save('x', { mime: 'image/svg+xml' })).rejects.toThrow(/not stored/);
    const asset = await save('x', { filename: '../../etc/"pass\r\nwd".html' });
    expect(asset.filename).toMatch(/^[\w.-]+$/);
    expect(asset.filename).not.toContain('..');
  });
});

describe('a signed link', () => {
  // sabotage: src/assets/files/links.ts :: return claims.expires * 1000 > now.getTime() ? claims : null; => return claims;
  test('shows the file for an hour without credentials, sandboxed, and not longer', async () => {
    now = new Date('2026-11-21T10:00:00.900Z');
    const asset = await save('<script>alert(1)</script><p>hi</p>');
    const url = store.signedUrl(asset);
    expect(new URL(url).origin).toBe(TEST_ASSETS_ORIGIN);
    now = new Date('2026-11-21T11:00:00.800Z');
    const shown = await get(url);
    expect([shown.status, await shown.text()]).toEqual([200, '<script>alert(1)</script><p>hi</p>']);
    expect(Object.fromEntries(shown.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-disposition': 'inline; filename="report.html"',
      'content-security-policy':
        "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(shown.headers.get('set-cookie')).toBeNull();
    now = new Date('2026-11-21T11:00:02Z');
    await expectRefused(url);
  });

  test('an uploaded table is offered as a download', async () => {
    const asset = await save('a,b', { mime: 'text/csv', filename: 'leads.csv', kind: 'import_file' });
    const answer = await get(store.signedUrl(asset));
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="leads.csv"');
  });

  // sabotage: src/assets/files/links.ts :: if (given.length !== right.length || !timingSafeEqual(given, right)) return null; =>
  test('is refused when any part of it was altered', async () => {
    const asset = await save('<p>mine</p>');
    const other = await save('<p>other</p>');
    const url = store.signedUrl(asset);
    const alter = (change: (link: URL) => void): string => {
      const link = new URL(url);
      change(link);
      return link.href;
    };
    const forged = [
      alter((link) => link.searchParams.set('expires', '99999999999')),
      alter((link) => link.searchParams.set('digest', other.digest)),
      alter((link) => link.searchParams.set('digest', '../../etc/passwd')),
      alter((link) => link.searchParams.set('mime', 'image/png')),
      alter((link) => link.searchParams.set('signature', '')),
      alter((link) => link.searchParams.delete('signature')),
      alter((link) => link.searchParams.delete('expires')),
      alter((link) => {
        link.pathname = link.pathname.replace(tenant.id, other.id);
      }),
      alter((link) => {
        link.pathname = link.pathname.replace(asset.id, other.id);
      }),
      alter((link) => {
        link.pathname = link.pathname.replace('report.html', 'other.html');
      }),
      alter((link) => {
        link.pathname += '/more';
      }),
    ];
    expect((await get(url)).status).toBe(200);
    for (const link of forged) await expectRefused(link);
  });

  test.each([['/'], ['/v1/me'], ['/healthz'], ['/files/'], ['/files/../../etc/passwd'], ['/files/%']])(
    'the origin serves nothing else: %s',
    async (path) => {
      await expectRefused(`${TEST_ASSETS_ORIGIN}${path}`);
    },
  );

  test('nothing can be sent to it', async () => {
    const url = store.signedUrl(await save('<p>x</p>'));
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'])
      expect((await get(url, { method })).status).toBe(403);
  });
});

async function expectRefused(url: string): Promise<void> {
  const answer = await get(url);
  expect(answer.status, url).toBe(403);
  expect(((await answer.json()) as { error: string }).error).toBe('permission_denied');
  expect(answer.headers.get('content-security-policy')).toContain('sandbox');
}

test('the API answers with the link, and with what the file is', async () => {
  const asset = await save('<p>api</p>');
  const { headers } = tenant.keys.owner;
  const opened = await app.request('GET', `/v1/assets/${asset.id}`, { headers });
  expect(opened.status).toBe(303);
  const shown = await createAssetsServer({
    ...options(),
    clock: { now: () => new Date() },
    logger: createLogger({ level: 'silent' }),
  }).request(opened.headers.get('location')!);
  expect(await shown.text()).toBe('<p>api</p>');
  const { body } = await app.request('GET', `/v1/assets/${asset.id}/metadata`, { headers });
  expect(body).toMatchObject({ id: asset.id, sha256: asset.digest, size_bytes: 10, mime: 'text/html' });
});
