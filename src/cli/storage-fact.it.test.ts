import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestS3, type TestS3 } from '../../tests/support/s3-server.ts';
import { storageFact } from './storage-fact.ts';

let s3: TestS3;
let dataDir: string;
beforeAll(async () => {
  s3 = await startTestS3();
  dataDir = await mkdtemp(join(tmpdir(), 'agos-doctor-'));
});
afterAll(async () => {
  await s3?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const environment = (change: Record<string, string> = {}) => {
  const { bucket, region, endpoint = '', keys } = s3.settings;
  return {
    AGOS_S3_BUCKET: bucket,
    AGOS_S3_REGION: region,
    AGOS_S3_ENDPOINT: endpoint,
    AGOS_S3_PATH_STYLE: 'on',
    AGOS_S3_ACCESS_KEY_ID: keys?.accessKeyId ?? '',
    AGOS_S3_SECRET_ACCESS_KEY: keys?.secretAccessKey ?? '',
    ...change,
  };
};

test('doctor says which store is used, and that a file was written and read there', async () => {
  expect(await storageFact(environment(), dataDir)).toMatchObject({
    ok: true,
    source: 'AGOS_S3_BUCKET',
    where: `s3: ${s3.settings.endpoint} bucket agos`,
    notes: ['A file was written there, read back and removed.'],
  });
  expect(await storageFact({ AGOS_ASSETS_DIR: dataDir }, '/nowhere')).toMatchObject({
    ok: true,
    where: `folder: ${dataDir}`,
  });
});

// sabotage: src/cli/storage-fact.ts :: await tryStorage(storage); =>
test('doctor fails with the reason where the store does not take files, and never shows the secret', async () => {
  const wrong = await storageFact(environment({ AGOS_S3_SECRET_ACCESS_KEY: 'topsecretword' }), dataDir);
  expect(wrong).toMatchObject({ ok: false, notes: [expect.stringContaining('refuses bucket agos')] });
  expect(JSON.stringify(wrong)).not.toContain('topsecretword');
  const half = await storageFact({ AGOS_S3_BUCKET: 'agos' }, dataDir);
  expect(half).toMatchObject({ ok: false, notes: [expect.stringContaining('AGOS_S3_REGION must be set')] });
});
