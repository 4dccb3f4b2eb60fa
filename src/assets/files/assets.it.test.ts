import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestApp, TEST_ASSETS_ORIGIN, TEST_SECRET, type TestApp } from '../../../tests/support/app.ts';
import { startTestS3, type TestS3 } from '../../../tests/support/s3-server.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import { createS3Storage } from '../../adapters/s3/storage.ts';
import { createByteBudget } from '../../runtime/byte-budget.ts';
import { newId } from '../../runtime/ids.ts';
import { createLogger } from '../../runtime/logger.ts';
import { createFolderStorage } from './folder.ts';
import type { FileStorage, ListedFile } from './port.ts';
import type { AssetRow } from './repository.ts';
import { createAssetsServer } from './server.ts';
import { type AssetStore, createAssetStore, type NewAsset } from './store.ts';

let app: TestApp;
let s3: TestS3;
let tenant: TestTenant;
let storage: FileStorage;
let store: AssetStore;
let now = new Date('2026-11-21T10:00:00Z');
const clock = { now: () => now };
beforeAll(async () => {
  s3 = await startTestS3();
  app = await createTestApp();
  tenant = await createTenant(app.database);
});
afterAll(async () => {
  await app?.close();
  await s3?.stop();
});

const options = () => ({ storage, origin: TEST_ASSETS_ORIGIN, signingSecret: TEST_SECRET, clock });
const ofServer = { logger: createLogger({ level: 'silent' }), byteBudget: createByteBudget() };
const server = () => createAssetsServer({ ...options(), ...ofServer });
const get = (url: string, init?: RequestInit) => server().request(url, init);

type Change = Partial<NewAsset> & { mime?: string };

async function save(text: string, { mime = 'text/html', ...change }: Change = {}): Promise<AssetRow> {
  const file = await store.put({ tenant: tenant.id, mime, bytes: Buffer.from(text) });
  return app.database.db.withTenant(tenant.scope, (tx) =>
    store.record(tx, file, {
      leadId: null,
      auditId: null,
      kind: 'report_html',
      filename: 'report.html',
      createdBy: tenant.keys.owner.id,
      ...change,
    }),
  );
}

const STORAGES = {
  folder: () => ({ storage: createFolderStorage(app.assetsDir), dir: app.assetsDir }),
  s3: () => ({ storage: createS3Storage(s3.settings), dir: join(s3.bucketDir, s3.settings.prefix) }),
} satisfies Record<string, () => { storage: FileStorage; dir: string }>;

describe.each(['folder', 's3'] as const)('files in the %s', (provider) => {
  let dir: string;
  beforeAll(() => {
    ({ storage, dir } = STORAGES[provider]());
    store = createAssetStore(options());
  });

  async function filesOnDisk(): Promise<string[]> {
    const all = await readdir(dir, { recursive: true, withFileTypes: true });
    return all.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  }

  describe('the store', () => {
    test('gives back what it was given, from any byte on, and keeps it under its tenant', async () => {
      const asset = await save('<p>one</p>');
      expect(Buffer.from(await store.read(asset)).toString()).toBe('<p>one</p>');
      expect(await text(await store.stream(asset, 3))).toBe('one</p>');
      expect(await text(await store.stream(asset, 10))).toBe('');
      expect(asset).toMatchObject({ storageProvider: provider, sizeBytes: 10 });
      expect(await filesOnDisk()).toContain(join(dir, tenant.id, asset.id.slice(-2), asset.id));
    });

    test('leaves no half-written file', async () => {
      await save('<p>private</p>');
      for (const file of await filesOnDisk()) expect(file).toMatch(/\/[0-9a-f]{2}\/[0-9a-f-]{36}$/);
    });

    test('a file whose row is refused is left without a row, and its row is not there', async () => {
      const file = await store.put({ tenant: tenant.id, mime: 'text/html', bytes: Buffer.from('lost') });
      const refused = app.database.db.withTenant(tenant.scope, (tx) =>
        store.record(tx, file, {
          leadId: newId(),
          auditId: null,
          kind: 'report_html',
          filename: 'report.html',
          createdBy: tenant.keys.owner.id,
        }),
      );
      await expect(refused).rejects.toThrow();
      const rows = await app.database.admin`select 1 from assets where id = ${file.id}`;
      expect(rows).toHaveLength(0);
    });

    // sabotage: src/assets/files/verified.ts :: if (sizeBytes !== expected.sizeBytes || !isRight(hash, expected)) throw damaged(expected); =>
    test('notices a file that was changed or cut where it lies, and shows none of it', async () => {
      const asset = await save('<p>original</p>');
      const file = join(dir, asset.storagePath);
      for (const damage of ['<p>forged!!</p>', '<p>origin']) {
        await writeFile(file, damage);
        await expect(store.read(asset)).rejects.toMatchObject({ fault: 'damaged' });
        await expect(text(await store.stream(asset))).rejects.toThrow();
        const answer = await get(store.signedUrl(asset));
        expect(answer.status).toBe(500);
        expect(await answer.text()).not.toContain(damage.slice(3, 9));
      }
    });

    test('says that a file is gone', async () => {
      const asset = await save('<p>gone</p>');
      await storage.remove(asset.storagePath);
      await expect(store.read(asset)).rejects.toMatchObject({ fault: 'gone', code: 'file_damaged' });
      await storage.remove(asset.storagePath);
      expect((await get(store.signedUrl(asset))).status).toBe(500);
    });

    test('lists what it keeps, with size and time', async () => {
      const asset = await save('<p>listed</p>');
      let found: ListedFile | undefined;
      for await (const one of storage.list()) if (one.path === asset.storagePath) found = one;
      expect(found?.sizeBytes).toBe(13);
      expect(Math.abs((found?.modifiedAt.getTime() ?? 0) - Date.now())).toBeLessThan(120_000);
    });

    test('refuses media types that it does not serve, and tames file names', async () => {
      await expect(save('x', { mime: 'image/svg+xml' })).rejects.toThrow(/not stored/);
      const asset = await save('x', { filename: '../../etc/"pass\r\nwd".html' });
      expect(asset.filename).toMatch(/^[\w.-]+$/);
      expect(asset.filename).not.toContain('..');
    });

    test('never leaves its folder, whatever a row says', async () => {
      for (const path of ['../../etc/passwd', `${tenant.id}/aa/../../x`, `/${tenant.id}/aa/${tenant.id}`]) {
        await expect((async () => storage.open(path))()).rejects.toThrow(/no path/);
      }
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
        'content-length': '34',
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
        alter((link) => link.searchParams.set('path', other.storagePath)),
        alter((link) => link.searchParams.set('size', '99')),
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
});

async function expectRefused(url: string): Promise<void> {
  const answer = await get(url);
  expect(answer.status, url).toBe(403);
  expect(((await answer.json()) as { error: string }).error).toBe('permission_denied');
  expect(answer.headers.get('content-security-policy')).toContain('sandbox');
}

test('no other user of this machine can read the files of the folder', async () => {
  storage = createFolderStorage(app.assetsDir);
  store = createAssetStore(options());
  const { storagePath } = await save('<p>private</p>');
  expect((await stat(join(app.assetsDir, storagePath))).mode & 0o077).toBe(0);
});

test('the API answers with the link, and with what the file is', async () => {
  storage = createFolderStorage(app.assetsDir);
  store = createAssetStore(options());
  const asset = await save('<p>api</p>');
  const { headers } = tenant.keys.owner;
  const opened = await app.request('GET', `/v1/assets/${asset.id}`, { headers });
  expect(opened.status).toBe(303);
  const shown = await createAssetsServer({
    ...options(),
    ...ofServer,
    clock: { now: () => new Date() },
  }).request(opened.headers.get('location')!);
  expect(await shown.text()).toBe('<p>api</p>');
  const { body } = await app.request('GET', `/v1/assets/${asset.id}/metadata`, { headers });
  expect(body).toMatchObject({
    id: asset.id,
    sha256: asset.digest,
    size_bytes: 10,
    version: 1,
    is_latest: true,
    mime: 'text/html',
  });
});
