import { CreateBucketCommand, HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { toStorageError } from './errors.ts';
import type { S3Settings } from './storage.ts';

/** Makes the bucket unless it is there; throws a `StorageError` that says what the store answered. */
export async function ensureBucket(settings: S3Settings): Promise<'present' | 'made'> {
  const { bucket, region, endpoint, keys, pathStyle } = settings;
  const client = new S3Client({
    region,
    forcePathStyle: pathStyle,
    ...(endpoint && { endpoint }),
    ...(keys && { credentials: keys }),
  });
  try {
    if (await isThere(client, bucket)) return 'present';
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    return 'made';
  } catch (error) {
    throw toStorageError(error, settings);
  } finally {
    client.destroy();
  }
}

async function isThere(client: S3Client, bucket: string): Promise<boolean> {
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
    return true;
  } catch (error) {
    if ((error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode === 404)
      return false;
    throw error;
  }
}
