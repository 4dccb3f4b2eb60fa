import { Readable } from 'node:stream';
import { StorageError } from '../../assets/files/port.ts';

type BodyOptions = { pieceMs: number; toError(error: unknown): unknown };

/** The bytes of an answer; a store that stops sending fails them instead of holding them for ever. */
export function readBody(body: unknown, options: BodyOptions): Readable {
  if (!(body instanceof Readable))
    throw new StorageError('unreachable', 'The store answered without a body.');
  // An error that comes while nobody reads is met by the next read, and may not end the process.
  body.on('error', () => undefined);
  return Readable.from(pieces(body, options), { objectMode: false });
}

async function* pieces(body: Readable, { pieceMs, toError }: BodyOptions): AsyncGenerator<Uint8Array> {
  const source = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  try {
    for (;;) {
      const piece = await nextWithin(source, pieceMs);
      if (piece.done) return;
      yield piece.value;
    }
  } catch (error) {
    throw toError(error);
  } finally {
    body.destroy();
  }
}

/** Only the wait for the store counts, not what the reader does with the piece before. */
async function nextWithin(
  source: AsyncIterator<Uint8Array>,
  pieceMs: number,
): Promise<IteratorResult<Uint8Array>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DOMException('The store stopped sending.', 'TimeoutError')), pieceMs);
  });
  try {
    return await Promise.race([source.next(), late]);
  } finally {
    clearTimeout(timer);
  }
}
