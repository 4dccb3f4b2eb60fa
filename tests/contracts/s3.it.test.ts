import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ensureBucket } from '../../src/adapters/s3/bucket.ts';
import { createS3Storage, type S3Settings } from '../../src/adapters/s3/storage.ts';
import { pathFor } from '../../src/assets/files/paths.ts';
import type { StorageError, StorageFault } from '../../src/assets/files/port.ts';
import { digestOfBytes } from '../../src/assets/files/verified.ts';
import { newId } from '../../src/runtime/ids.ts';
import { freePort } from '../../src/stack/ports.ts';
import { startTestS3, type TestS3 } from '../support/s3-server.ts';

let s3: TestS3;
beforeAll(async () => {
  s3 = await startTestS3();
});
afterAll(() => s3?.stop());

const bytes = Buffer.from('some bytes of a file');
const newPath = () => pathFor(newId(), newId());
const file = (change = {}) => ({ bytes, digest: digestOfBytes(bytes), ...change });
const storageAt = (change: Partial<S3Settings> = {}) => createS3Storage({ ...s3.settings, ...change });

/** Fails unless both ways to use the storage fail like this. */
async function expectFault(
  storage: ReturnType<typeof storageAt>,
  fault: StorageFault,
): Promise<StorageError> {
  const failures = await Promise.all([
    storage.put(newPath(), file()).catch((error: unknown) => error),
    (async () => buffer(await storage.open(newPath())))().catch((error: unknown) => error),
  ]);
  for (const failure of failures) expect(failure).toMatchObject({ name: 'StorageError', fault });
  return failures[0] as StorageError;
}

/** A server on loopback that answers as it is told, for what no real one does on request. */
async function answering(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const xml = (code: string) =>
  `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>m</Message></Error>`;

test('a bucket is made where it is missing, left alone where it is there, and not made with a wrong key', async () => {
  const settings = { ...s3.settings, bucket: 'another' };
  expect(await ensureBucket(settings)).toBe('made');
  expect(await ensureBucket(settings)).toBe('present');
  const keys = { ...s3.settings.keys!, secretAccessKey: 'wrong' };
  await expect(ensureBucket({ ...settings, bucket: 'third', keys })).rejects.toMatchObject({
    fault: 'refused',
  });
});

describe('the S3 adapter on a server that checks signatures', () => {
  test.each<[string, Partial<S3Settings>]>([
    ['a wrong key', { keys: { accessKeyId: 'somebody-else', secretAccessKey: 'x' } }],
    ['a wrong secret', { keys: { accessKeyId: 'agos-tests', secretAccessKey: 'wrong' } }],
    ['another region', { region: 'us-west-2' }],
    ['a bucket that is not there', { bucket: 'nowhere' }],
  ])('%s is a refusal that operators can read and callers cannot', async (_, change) => {
    const failure = await expectFault(storageAt(change), 'refused');
    expect(failure).toMatchObject({ code: 'storage_unavailable', details: { retryAfterSeconds: 60 } });
    expect(failure.detail).toContain(change.bucket ?? 'agos');
    expect(failure.message).not.toMatch(/bucket|key|region/);
  });

  // sabotage: src/adapters/s3/storage.ts :: ChecksumSHA256: Buffer.from(digest, 'hex').toString('base64'), =>
  test('bytes that changed on their way are not stored', async () => {
    const path = newPath();
    const forged = file({ digest: digestOfBytes(Buffer.from('other bytes')) });
    await expect(storageAt().put(path, forged)).rejects.toMatchObject({ fault: 'busy' });
    await expect(storageAt().open(path)).rejects.toMatchObject({ fault: 'gone' });
  });

  test('a file that is gone says so, also from an offset on; removing it again is no fault', async () => {
    const storage = storageAt();
    const path = newPath();
    await storage.put(path, file());
    await storage.remove(path);
    await storage.remove(path);
    for (const startByte of [0, 5])
      await expect(storage.open(path, { startByte })).rejects.toMatchObject({ fault: 'gone' });
  });

  test('no stranger’s page would show itself, were the bucket public', async () => {
    const path = newPath();
    await storageAt().put(path, file());
    const { endpoint, keys, region, bucket, prefix } = s3.settings;
    const client = new S3Client({ endpoint: endpoint!, credentials: keys!, region, forcePathStyle: true });
    const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: `${prefix}/${path}` }));
    expect(head.ContentType).toBe('application/octet-stream');
    client.destroy();
  });

  test('installations with prefixes of their own do not see each other in one bucket', async () => {
    const path = newPath();
    await storageAt().put(path, file());
    const other = storageAt({ prefix: 'other' });
    for await (const listed of other.list()) expect(listed).toBeNull();
    await expect(other.open(path)).rejects.toMatchObject({ fault: 'gone' });
  });

  test('credentials come from the standard environment where no key is set', async () => {
    const { keys, ...rest } = s3.settings;
    const before = { ...process.env };
    onTestFinished(() => {
      process.env = before;
    });
    process.env = {
      ...before,
      AWS_ACCESS_KEY_ID: keys!.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys!.secretAccessKey,
    };
    const path = newPath();
    const storage = createS3Storage(rest);
    await storage.put(path, file());
    expect(await buffer(await storage.open(path, { startByte: 5 }))).toEqual(bytes.subarray(5));
  });

  test('whoever gives up gets the own reason back, and nothing is sent', async () => {
    const signal = AbortSignal.abort(new Error('cancelled'));
    await expect(storageAt().put(newPath(), file({ signal }))).rejects.toThrow('cancelled');
    await expect(storageAt().open(newPath(), { signal })).rejects.toThrow('cancelled');
  });
});

describe('the S3 adapter on a store that fails', () => {
  test('a store that is down is unreachable', async () => {
    await expectFault(storageAt({ endpoint: `http://127.0.0.1:${await freePort()}` }), 'unreachable');
  });

  // sabotage: src/adapters/s3/storage.ts :: maxAttempts: 1, =>
  test('SlowDown is asked once and comes back with the time that the store wants', async () => {
    let asked = 0;
    const endpoint = await answering((request, response) => {
      asked += 1;
      request.resume().on('end', () => {
        response.writeHead(503, { 'content-type': 'application/xml', 'retry-after': '7' });
        response.end(xml('SlowDown'));
      });
    });
    const failure = await expectFault(storageAt({ endpoint }), 'busy');
    expect(failure.details).toEqual({ retryAfterSeconds: 7 });
    expect(asked).toBe(2);
  });

  // sabotage: src/adapters/s3/storage.ts :: throwOnRequestTimeout: true, =>
  test('a store that does not answer is given up, with no request left open', async () => {
    const endpoint = await answering(() => {});
    await expectFault(
      storageAt({ endpoint, timeouts: { connectMs: 2_000, answerMs: 300, pieceMs: 300 } }),
      'unreachable',
    );
  }, 20_000);

  // sabotage: src/adapters/s3/body.ts :: return await Promise.race([source.next(), late]); => return await source.next();
  test('a file that stops coming is given up, however long its reader takes for each piece', async () => {
    const endpoint = await answering((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('x'.repeat(100));
    });
    const storage = storageAt({ endpoint, timeouts: { pieceMs: 300 } });
    const source = await storage.open(newPath());
    await expect(buffer(source)).rejects.toMatchObject({ fault: 'unreachable' });
  }, 20_000);

  test('a file that ends early is a fault and not a shorter file', async () => {
    const endpoint = await answering((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('x'.repeat(100), () => response.destroy());
    });
    const source = await storageAt({ endpoint }).open(newPath());
    await expect(buffer(source)).rejects.toMatchObject({ fault: 'unreachable' });
  });

  test.each([500, 502, 503, 429, 400])('status %i with a body that is no XML passes', async (status) => {
    const endpoint = await answering((request, response) => {
      request.resume().on('end', () => response.writeHead(status).end('<html>proxy</html>'));
    });
    await expectFault(storageAt({ endpoint }), 'busy');
  });
});
