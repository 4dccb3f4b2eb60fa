import { createHash, type Hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { StorageError } from './port.ts';

/** What the row says of a file's bytes. */
export type Expected = { digest: string; sizeBytes: number };

/** SHA-256 of bytes, hex. */
export function digestOfBytes(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The whole file; throws `damaged` when it is not what was stored. */
export async function readVerified(source: Readable, expected: Expected): Promise<Uint8Array<ArrayBuffer>> {
  return Buffer.concat(await readPieces(source, expected));
}

/** The whole file in pieces that can be let go one by one; throws as `readVerified` does. */
export async function readPieces(source: Readable, expected: Expected): Promise<Uint8Array<ArrayBuffer>[]> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of checked(source, expected, 0)) pieces.push(piece);
  return pieces;
}

/** The file as it comes, which fails at its end, or as soon as it is too long, when it is not what was stored. */
export function streamVerified(source: Readable, expected: Expected, startByte: number): Readable {
  return Readable.from(checked(source, expected, startByte), { objectMode: false });
}

/** From an offset on only the length can be checked: the digest is one of the whole file. */
async function* checked(
  source: Readable,
  expected: Expected,
  startByte: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const hash = startByte === 0 ? createHash('sha256') : null;
  let sizeBytes = startByte;
  for await (const chunk of source as AsyncIterable<Uint8Array<ArrayBuffer>>) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > expected.sizeBytes) throw damaged(expected);
    hash?.update(chunk);
    yield chunk;
  }
  if (sizeBytes !== expected.sizeBytes || !isRight(hash, expected)) throw damaged(expected);
}

function isRight(hash: Hash | null, { digest }: Expected): boolean {
  return hash === null || hash.digest('hex') === digest;
}

function damaged({ digest }: Expected): StorageError {
  return new StorageError('damaged', `The stored file ${digest} is damaged.`);
}
