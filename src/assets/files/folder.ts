import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Where one file's bytes are: every tenant has a folder of its own, files are named by their digest. */
export type FileKey = { tenant: string; digest: string };

const UUID = /^[0-9a-f-]{36}$/;
const SHA256 = /^[0-9a-f]{64}$/;

/** SHA-256 of bytes, hex. */
export function digestOfBytes(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Path of a file inside the store; throws for a key that could lead out of it. */
export function pathOf(dir: string, { tenant, digest }: FileKey): string {
  if (!UUID.test(tenant) || !SHA256.test(digest)) throw new Error('no key of a stored file');
  return join(dir, tenant, digest.slice(0, 2), digest);
}

/** Writes bytes in one step and to the disk itself: after a crash a file is whole or absent. */
export async function writeFileOnce(dir: string, key: FileKey, bytes: Uint8Array): Promise<void> {
  const path = pathOf(dir, key);
  const known = await stat(path).catch(() => null);
  if (known?.size === bytes.byteLength) return;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const half = `${path}.${randomUUID()}`;
  try {
    const file = await open(half, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(half, path);
    await syncFolder(dirname(path));
  } finally {
    await rm(half, { force: true });
  }
}

/** The bytes of a stored file; throws when they are not what was stored. */
export async function readStoredFile(dir: string, key: FileKey): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = Uint8Array.from(await readFile(pathOf(dir, key)));
  if (digestOfBytes(bytes) !== key.digest) throw new Error(`the stored file ${key.digest} is damaged`);
  return bytes;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
