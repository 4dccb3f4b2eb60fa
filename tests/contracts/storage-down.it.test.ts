import { afterAll, beforeAll, expect, test } from 'vitest';
import { createS3Storage } from '../../src/adapters/s3/storage.ts';
import type { FileStorage } from '../../src/assets/files/port.ts';
import { createAssetStore } from '../../src/assets/files/store.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { freePort } from '../../src/stack/ports.ts';
import { createTestApp, TEST_ASSETS_ORIGIN, TEST_SECRET, type TestApp } from '../support/app.ts';
import { startTestS3, type TestS3 } from '../support/s3-server.ts';
import { createTenant } from '../support/tenant.ts';

let s3: TestS3;
let app: TestApp;
let now: FileStorage;
beforeAll(async () => {
  s3 = await startTestS3();
  const storage: FileStorage = {
    provider: 's3',
    where: 'whichever is in use',
    put: (...args) => now.put(...args),
    open: (...args) => now.open(...args),
    list: () => now.list(),
    remove: (path) => now.remove(path),
  };
  const assets = { storage, origin: TEST_ASSETS_ORIGIN, signingSecret: TEST_SECRET, clock: systemClock };
  app = await createTestApp({ assets: createAssetStore(assets) });
});
afterAll(async () => {
  await app?.close();
  await s3?.stop();
});

// sabotage: src/leads/batches/routes.ts :: return putBatchFile(deps.assets, ctx.scope.tenant, ctx.body); => return undefined as never;
test('an upload while the store is down is answered 503 with a time, leaves no row, and succeeds when it is sent again', async () => {
  const tenant = await createTenant(app.database);
  const headers = { ...tenant.keys.owner.headers, 'content-type': 'text/csv', 'idempotency-key': 'upload-1' };
  const send = () =>
    app.request('POST', '/v1/batches?name=leads.csv&triage=false', {
      headers,
      body: 'url\nhttps://one.example/\n',
    });
  now = createS3Storage({ ...s3.settings, endpoint: `http://127.0.0.1:${await freePort()}` });
  const refused = await send();
  expect([refused.status, refused.body.error]).toEqual([503, 'storage_unavailable']);
  expect(refused.headers.get('retry-after')).toBe('5');
  expect(refused.text).not.toMatch(/127\.0\.0\.1|bucket|ECONN/);
  for (const table of ['assets', 'lead_batches', 'runs']) {
    const rows = await app.database
      .admin`select 1 from ${app.database.admin(table)} where tenant_id = ${tenant.id}`;
    expect(rows, table).toHaveLength(0);
  }
  now = createS3Storage(s3.settings);
  expect((await send()).status).toBe(202);
  const [asset] = await app.database
    .admin`select storage_provider from assets where tenant_id = ${tenant.id}`;
  expect(asset).toEqual({ storage_provider: 's3' });
});
