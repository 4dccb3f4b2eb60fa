import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestApp, TEST_ASSETS_ORIGIN, TEST_SECRET, type TestApp } from '../../../tests/support/app.ts';
import { startTestS3, type TestS3 } from '../../../tests/support/s3-server.ts';
import { createTenant } from '../../../tests/support/tenant.ts';
import { createS3Storage } from '../../adapters/s3/storage.ts';
import { newId } from '../../runtime/ids.ts';
import { createFolderStorage } from './folder.ts';
import { pathFor } from './paths.ts';
import type { FileStorage } from './port.ts';
import { createAssetStore } from './store.ts';
import { SWEEP_AGE_MS, sweepFiles } from './sweep.ts';
import { digestOfBytes } from './verified.ts';

let app: TestApp;
let s3: TestS3;
beforeAll(async () => {
  s3 = await startTestS3();
  app = await createTestApp();
});
afterAll(async () => {
  await app?.close();
  await s3?.stop();
});

const HOUR_MS = 60 * 60 * 1000;
const clockIn = (ms: number) => ({ now: () => new Date(Date.now() + ms) });

describe.each(['folder', 's3'] as const)('the sweep of the %s', (provider) => {
  const open = (): FileStorage =>
    provider === 's3' ? createS3Storage(s3.settings) : createFolderStorage(app.assetsDir);

  // sabotage: src/assets/files/sweep.ts :: if (known.has(file.path)) { => if (file.sizeBytes < 0) {
  test('removes a file without a row when it is a day old, and never one with a row', async () => {
    const storage = open();
    const { database } = app;
    const tenant = await createTenant(database);
    const clock = clockIn(0);
    const store = createAssetStore({
      storage,
      origin: TEST_ASSETS_ORIGIN,
      signingSecret: TEST_SECRET,
      clock,
    });
    const put = () => store.put({ tenant: tenant.id, mime: 'text/html', bytes: Buffer.from('bytes') });
    const [recorded, lost] = [await put(), await put()];
    const asset = await database.db.withTenant(tenant.scope, (tx) =>
      store.record(tx, recorded, {
        leadId: null,
        auditId: null,
        kind: 'report_html',
        filename: 'report.html',
        createdBy: tenant.keys.owner.id,
      }),
    );
    const young = await sweepFiles({ db: database.db, storage, clock: clockIn(SWEEP_AGE_MS - HOUR_MS) });
    expect(young).toMatchObject({ removed: 0 });
    const old = await sweepFiles({ db: database.db, storage, clock: clockIn(SWEEP_AGE_MS + HOUR_MS) });
    expect(old).toMatchObject({ removed: 1, removedBytes: 5, kept: 1 });
    expect(Buffer.from(await store.read(asset)).toString()).toBe('bytes');
    await expect(storage.open(lost.path)).rejects.toMatchObject({ fault: 'gone' });
    const again = await sweepFiles({ db: database.db, storage, clock: clockIn(SWEEP_AGE_MS + HOUR_MS) });
    expect(again.removed).toBe(0);
  });

  // sabotage: src/assets/files/sweep.ts :: if (!exists) return null; =>
  test('leaves the files of another installation alone', async () => {
    const storage = open();
    const path = pathFor(newId(), newId());
    const bytes = Buffer.from('theirs');
    await storage.put(path, { bytes, digest: digestOfBytes(bytes) });
    const clock = clockIn(SWEEP_AGE_MS + HOUR_MS);
    const swept = await sweepFiles({ db: app.database.db, storage, clock });
    expect(swept.foreign).toBeGreaterThanOrEqual(1);
    (await storage.open(path)).destroy();
  });
});

test('what a crash left half-written in the folder goes too', async () => {
  const tenant = await createTenant(app.database);
  const half = join(app.assetsDir, `${pathFor(tenant.id, newId())}.${newId()}`);
  await mkdir(dirname(half), { recursive: true });
  await writeFile(half, 'hal');
  await utimes(half, 0, 0);
  const storage = createFolderStorage(app.assetsDir);
  const swept = await sweepFiles({ db: app.database.db, storage, clock: clockIn(0) });
  expect(swept).toMatchObject({ removed: 1, removedBytes: 3 });
});
