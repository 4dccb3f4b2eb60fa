import { createS3Storage, type S3Settings } from '../src/adapters/s3/storage.ts';
import { createFolderStorage } from '../src/assets/files/folder.ts';
import type { FileStorage } from '../src/assets/files/port.ts';
import { type Config, required } from '../src/runtime/config.ts';

/** The storage that the settings choose: a bucket where one is named, else the folder. */
export function composeStorage(config: Config): FileStorage {
  const bucket = bucketOf(config);
  return bucket ? createS3Storage(bucket) : createFolderStorage(required(config, 'AGOS_ASSETS_DIR'));
}

/** The bucket that the settings name, and how to reach it. */
export function bucketOf(config: Config): S3Settings | undefined {
  const { AGOS_S3_BUCKET: bucket, AGOS_S3_ACCESS_KEY_ID: accessKeyId } = config;
  if (!bucket) return undefined;
  return {
    bucket,
    region: required(config, 'AGOS_S3_REGION'),
    endpoint: config.AGOS_S3_ENDPOINT,
    pathStyle: config.AGOS_S3_PATH_STYLE,
    prefix: config.AGOS_S3_PREFIX ?? '',
    encryption: config.AGOS_S3_ENCRYPTION,
    kmsKeyId: config.AGOS_S3_KMS_KEY_ID,
    keys: accessKeyId
      ? { accessKeyId, secretAccessKey: required(config, 'AGOS_S3_SECRET_ACCESS_KEY') }
      : undefined,
  };
}
