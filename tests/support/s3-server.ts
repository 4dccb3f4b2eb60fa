import { randomBytes } from 'node:crypto';
import { chmod, chown, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { S3Settings } from '../../src/adapters/s3/storage.ts';
import { type Environment, userCacheDir } from '../../src/stack/cache.ts';
import { findOnPath } from '../../src/stack/on-path.ts';
import { spawnOwned, tailOf } from '../../src/stack/owned.ts';
import { freePort } from '../../src/stack/ports.ts';
import { type Progress, silentProgress } from '../../src/stack/progress.ts';
import { databaseUser } from '../../src/stack/unprivileged.ts';
import { provideGoCommands } from './go-commands.ts';

/** A gateway that serves a folder by Amazon's protocol, signatures and checksums included (Apache-2.0). */
const VERSION = '1.8.0';
const MODULE = `github.com/versity/versitygw/cmd/versitygw@v${VERSION}`;

export type S3Binary = { path: string; source: string; version: string };

/** The S3 server that the tests use: from PATH, our cache, or built with Go. */
export async function findS3Server(environment: Environment, progress: Progress): Promise<S3Binary> {
  const onPath = findOnPath('versitygw', environment);
  if (onPath) return { path: onPath, source: 'PATH', version: 'unknown' };
  const path = join(userCacheDir(environment), 's3', `versitygw-${VERSION}`);
  const commands = [{ module: MODULE, target: path }] as const;
  const source = await provideGoCommands({ commands, name: 'S3 server of the tests', environment, progress });
  return { path, source, version: VERSION };
}

export type TestS3 = {
  /** Of a bucket that is there and empty. */
  settings: S3Settings;
  /** Folder of the bucket: what lies in it can be damaged behind the server's back. */
  bucketDir: string;
  stop(): Promise<void>;
};

/** Starts an S3 server on loopback, as an unprivileged user, with one bucket; `stop` deletes it all. */
export async function startTestS3(): Promise<TestS3> {
  const found = await findS3Server(process.env, silentProgress);
  const user = await databaseUser();
  const home = await mkdtemp(join(tmpdir(), 'agos-test-s3-'));
  const [data, sidecar] = [join(home, 'data'), join(home, 'sidecar')];
  await chmod(home, 0o755);
  for (const folder of [data, sidecar]) {
    await mkdir(folder);
    if (user) await chown(folder, user.uid, user.gid);
  }
  // The cache lies in a home that such a user may not enter.
  const binary = join(home, 'versitygw');
  await copyFile(found.path, binary);
  await chmod(binary, 0o755);
  const port = await freePort();
  const keys = { accessKeyId: 'agos-tests', secretAccessKey: randomBytes(20).toString('hex') };
  const log = join(home, 'log');
  const server = spawnOwned(
    binary,
    [
      '--port',
      `127.0.0.1:${port}`,
      '--region',
      'eu-central-1',
      '--quiet',
      'posix',
      '--sidecar',
      sidecar,
      data,
    ],
    {
      logFile: log,
      env: { ROOT_ACCESS_KEY_ID: keys.accessKeyId, ROOT_SECRET_ACCESS_KEY: keys.secretAccessKey },
      user,
    },
  );
  const stop = async (): Promise<void> => {
    await server.stop();
    await rm(home, { recursive: true, force: true });
  };
  const endpoint = `http://127.0.0.1:${port}`;
  const settings = { bucket: 'agos', region: 'eu-central-1', endpoint, keys, pathStyle: true, prefix: 'it' };
  try {
    await createBucket(settings, () => (server.hasExited() ? tailOf(log) : undefined));
  } catch (error) {
    await stop();
    throw error;
  }
  return { settings, bucketDir: join(data, settings.bucket), stop };
}

async function createBucket(settings: S3Settings, ended: () => string | undefined): Promise<void> {
  const { endpoint, region, keys } = settings;
  const client = new S3Client({
    region,
    forcePathStyle: true,
    ...(endpoint && { endpoint }),
    ...(keys && { credentials: keys }),
  });
  const deadlineMs = Date.now() + 30_000;
  for (;;) {
    try {
      await client.send(new CreateBucketCommand({ Bucket: settings.bucket }));
      return client.destroy();
    } catch (error) {
      const reason = ended();
      if (reason !== undefined) throw new Error(`The S3 server ended: ${reason}`, { cause: error });
      if (Date.now() > deadlineMs) throw error;
      await sleep(100);
    }
  }
}
