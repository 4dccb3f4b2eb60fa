import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { requirePath, tenantOfPath } from '../../assets/files/paths.ts';
import type { FileStorage, ListedFile } from '../../assets/files/port.ts';
import { readBody } from './body.ts';
import { mappingErrors, toStorageError } from './errors.ts';

export type S3Settings = {
  bucket: string;
  region: string;
  /** Of another store than Amazon's. */
  endpoint?: string | undefined;
  /** Without them the standard chain is asked: environment, profile, web identity, container, instance. */
  keys?: { accessKeyId: string; secretAccessKey: string } | undefined;
  /** The bucket in the path instead of the host name. */
  pathStyle: boolean;
  /** In front of every path, so that several installations can share a bucket. */
  prefix: string;
  encryption?: 'AES256' | 'aws:kms' | undefined;
  kmsKeyId?: string | undefined;
  timeouts?: Partial<S3Timeouts>;
};

export type S3Timeouts = {
  connectMs: number;
  /** For an answer to begin, or a whole file to be taken. */
  answerMs: number;
  /** Between two pieces of a file that comes. */
  pieceMs: number;
};

const TIMEOUTS: S3Timeouts = { connectMs: 5_000, answerMs: 30_000, pieceMs: 15_000 };

/** A storage in a bucket of Amazon S3 or a store that speaks its protocol; retries are Temporal's, not the SDK's. */
export function createS3Storage(settings: S3Settings): FileStorage & { close(): void } {
  const { bucket } = settings;
  const timeouts = { ...TIMEOUTS, ...settings.timeouts };
  const prefix = settings.prefix === '' ? '' : `${settings.prefix}/`;
  const client = new S3Client(clientConfig(settings, timeouts));
  const at = (path: string) => ({ Bucket: bucket, Key: `${prefix}${requirePath(path)}` });
  const mapping = mappingErrors(settings);
  return {
    provider: 's3',
    where: `${settings.endpoint ?? `s3.${settings.region}`} bucket ${bucket}${prefix && ` under ${prefix}`}`,
    put: (path, { bytes, digest, signal }) =>
      mapping(signal, async () => {
        const command = new PutObjectCommand({
          ...at(path),
          Body: bytes,
          ContentLength: bytes.byteLength,
          // The store itself refuses bytes that were changed on their way.
          ChecksumSHA256: Buffer.from(digest, 'hex').toString('base64'),
          // Were the bucket ever public, no stranger's page would show itself there.
          ContentType: 'application/octet-stream',
          ...(settings.encryption && { ServerSideEncryption: settings.encryption }),
          ...(settings.kmsKeyId && { SSEKMSKeyId: settings.kmsKeyId }),
        });
        await client.send(command, { abortSignal: within(timeouts.answerMs, signal) });
      }),
    open: (path, { startByte = 0, signal } = {}) =>
      mapping(signal, async () => {
        const command = new GetObjectCommand({
          ...at(path),
          ...(startByte > 0 && { Range: `bytes=${startByte}-` }),
        });
        const { Body: body } = await client.send(command, signal ? { abortSignal: signal } : {});
        return readBody(body, {
          pieceMs: timeouts.pieceMs,
          toError: (error) => toStorageError(error, settings),
        });
      }),
    list: () => listFiles(client, settings, prefix),
    remove: (path) =>
      mapping(undefined, async () => {
        await client.send(new DeleteObjectCommand(at(path)), { abortSignal: within(timeouts.answerMs) });
      }),
    close: () => client.destroy(),
  };
}

function clientConfig(settings: S3Settings, timeouts: S3Timeouts): S3ClientConfig {
  return {
    region: settings.region,
    forcePathStyle: settings.pathStyle,
    maxAttempts: 1,
    // Digests are ours and checked at both ends; other stores do not know the SDK's newer default checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: timeouts.connectMs,
      requestTimeout: timeouts.answerMs,
      throwOnRequestTimeout: true,
    },
    ...(settings.endpoint && { endpoint: settings.endpoint }),
    ...(settings.keys && { credentials: settings.keys }),
  };
}

async function* listFiles(
  client: S3Client,
  settings: S3Settings,
  prefix: string,
): AsyncGenerator<ListedFile> {
  try {
    for await (const page of paginateListObjectsV2({ client }, { Bucket: settings.bucket, Prefix: prefix })) {
      for (const { Key: key = '', Size: sizeBytes = 0, LastModified: modifiedAt } of page.Contents ?? []) {
        const path = key.slice(prefix.length);
        if (modifiedAt && tenantOfPath(path) !== null) yield { path, sizeBytes, modifiedAt };
      }
    }
  } catch (error) {
    throw toStorageError(error, settings);
  }
}

function within(timeMs: number, signal?: AbortSignal): AbortSignal {
  const limit = AbortSignal.timeout(timeMs);
  return signal ? AbortSignal.any([signal, limit]) : limit;
}
