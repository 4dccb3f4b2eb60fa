import { randomUUID } from 'node:crypto';
import { newId } from '../../runtime/ids.ts';
import { pathFor } from './paths.ts';
import type { FileStorage } from './port.ts';
import { digestOfBytes, readVerified } from './verified.ts';

/** No tenant has it. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** Writes a small file, reads it back and removes it; throws what the storage throws. */
export async function tryStorage(storage: FileStorage): Promise<void> {
  const path = pathFor(NOBODY, newId());
  const bytes = Buffer.from(randomUUID());
  const expected = { digest: digestOfBytes(bytes), sizeBytes: bytes.byteLength };
  await storage.put(path, { bytes, digest: expected.digest });
  try {
    await readVerified(await storage.open(path), expected);
  } finally {
    await storage.remove(path);
  }
}
