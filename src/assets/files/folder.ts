import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, opendir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { requirePath, tenantOfPath } from './paths.ts';
import { type FileStorage, type ListedFile, StorageError } from './port.ts';

/** A storage in a folder of this machine, which all processes share. */
export function createFolderStorage(dir: string): FileStorage {
  const at = (path: string): string => join(dir, requirePath(path));
  return {
    provider: 'folder',
    where: dir,
    put: (path, { bytes, signal }) => mapping(() => writeWhole(at(path), bytes, signal)),
    open: (path, { startByte = 0, signal } = {}) =>
      mapping(async () => {
        signal?.throwIfAborted();
        const file = await open(at(path), 'r');
        return Readable.from(mapped(file.createReadStream({ start: startByte, signal })), {
          objectMode: false,
        });
      }),
    list: () => mapped(listFiles(dir)),
    remove: (path) => mapping(() => rm(at(path), { force: true })),
  };
}

/** In one step and to the disk itself: after a crash a file is whole or absent. */
async function writeWhole(path: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const half = `${path}.${randomUUID()}`;
  try {
    const file = await open(half, 'wx', 0o600);
    try {
      await file.writeFile(bytes, { signal });
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

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function* listFiles(dir: string): AsyncGenerator<ListedFile> {
  if (!existsSync(dir)) return;
  for await (const entry of await opendir(dir, { recursive: true })) {
    const file = join(entry.parentPath, entry.name);
    const path = relative(dir, file);
    if (!entry.isFile() || tenantOfPath(path) === null) continue;
    // A half-written one may have got its name meanwhile.
    const about = await stat(file).catch(() => null);
    if (about) yield { path, sizeBytes: about.size, modifiedAt: about.mtime };
  }
}

async function mapping<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toStorageError(error);
  }
}

async function* mapped<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    throw toStorageError(error);
  }
}

const REFUSALS = new Set(['EACCES', 'EPERM', 'EROFS']);
const TRANSIENT = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'EBUSY', 'EAGAIN', 'EIO', 'ESTALE']);

function toStorageError(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new StorageError('gone', `No such file in the folder (${code}).`, { cause: error });
  }
  if (REFUSALS.has(code)) {
    return new StorageError('refused', `The folder does not let us in (${code}).`, { cause: error });
  }
  if (TRANSIENT.has(code)) {
    return new StorageError('busy', `The folder cannot take it now (${code}).`, { cause: error });
  }
  return error;
}
