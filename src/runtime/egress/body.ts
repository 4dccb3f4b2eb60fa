import { type Readable, type Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { FetchFault } from './fetch-fault.ts';

/** Encodings that we ask for. */
export const ACCEPT_ENCODING = 'gzip, deflate, br';

const MAX_ENCODINGS = 2;

/** Reads a body, counting bytes as they leave decompression, so that a bomb stops at the limit. */
export async function readBody(
  source: Readable,
  headers: Record<string, string>,
  maxBytes: number,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  const sink = new Writable({
    write(chunk: Buffer, _encoding, callback) {
      sizeBytes += chunk.length;
      chunks.push(chunk);
      callback(sizeBytes > maxBytes ? tooLarge(maxBytes) : null);
    },
  });
  await pipeline([source, ...decodersFor(headers['content-encoding'] ?? ''), sink]);
  return Buffer.concat(chunks, sizeBytes);
}

function decodersFor(encoding: string): Transform[] {
  const names = encoding
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  if (names.length > MAX_ENCODINGS)
    throw new FetchFault('unreachable', 'The answer is compressed in too many layers.');
  return names.reverse().map(decoderFor);
}

/** A body that breaks off still gives what came before, as in a browser. */
function decoderFor(name: string): Transform {
  if (name === 'gzip' || name === 'x-gzip') return createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
  if (name === 'deflate') return createInflate({ finishFlush: constants.Z_SYNC_FLUSH });
  if (name === 'br') return createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH });
  throw new FetchFault('unreachable', 'The answer is compressed in a way that was not asked for.');
}

function tooLarge(maxBytes: number): FetchFault {
  return new FetchFault('too_large', `The answer is larger than ${sizeInWords(maxBytes)}.`);
}

function sizeInWords(sizeBytes: number): string {
  const megabytes = sizeBytes / 1024 / 1024;
  return megabytes >= 1 ? `${Math.round(megabytes)} MB` : `${Math.round(sizeBytes / 1024)} KB`;
}
