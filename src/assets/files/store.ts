import { Readable } from 'node:stream';
import type { Clock } from '../../runtime/clock.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { newId } from '../../runtime/ids.ts';
import { createLinks } from './links.ts';
import { pathFor } from './paths.ts';
import type { FileStorage, StorageProvider } from './port.ts';
import { type AssetRow, insertVersion } from './repository.ts';
import { isMediaType, LINK_LIFETIME_MS } from './rules.ts';
import type { AssetKind } from './tables.ts';
import { digestOfBytes, readVerified, streamVerified } from './verified.ts';

/** Bytes that lie in the storage and have no row yet. */
export type PutFile = {
  tenant: string;
  id: string;
  provider: StorageProvider;
  path: string;
  digest: string;
  mime: string;
  sizeBytes: number;
};

export type NewAsset = {
  leadId: string | null;
  /** The audit that it was made for: a repeated step of that audit adds no second version of the same bytes. */
  auditId: string | null;
  kind: AssetKind;
  filename: string;
  createdBy: string;
};

export type AssetStore = {
  /** Stores bytes; it may take as long as a network does, so it happens before the transaction of `record`. */
  put(file: { tenant: string; mime: string; bytes: Uint8Array; signal?: AbortSignal }): Promise<PutFile>;
  /** Adds the row of a stored file in the caller's transaction, as the next version where there was one. */
  record(tx: Tx, file: PutFile, asset: NewAsset): Promise<AssetRow>;
  read(asset: AssetRow): Promise<Uint8Array<ArrayBuffer>>;
  /** The bytes from an offset on, for files too large to hold. */
  stream(asset: AssetRow, startByte?: number): Promise<Readable>;
  /** A link that works without credentials for an hour, or as long as asked. */
  signedUrl(asset: AssetRow, lifetimeMs?: number): string;
};

export type AssetStoreDeps = {
  storage: FileStorage;
  /** Origin of the assets server, which serves nothing but these files. */
  origin: string;
  signingSecret: string;
  clock: Clock;
};

/** Files in a storage, under their tenant, reached by signed links. */
export function createAssetStore(deps: AssetStoreDeps): AssetStore {
  const { storage, clock } = deps;
  const links = createLinks(deps);
  return {
    put: async ({ tenant, mime, bytes, signal }) => {
      if (!isMediaType(mime)) throw new Error(`files of ${mime} are not stored`);
      const id = newId();
      const path = pathFor(tenant, id);
      const digest = digestOfBytes(bytes);
      // Before its row: a row without its file would be a broken promise, a file without row is swept.
      await storage.put(path, { bytes, digest, ...(signal && { signal }) });
      return { tenant, id, provider: storage.provider, path, digest, mime, sizeBytes: bytes.byteLength };
    },
    record: (tx, file, asset) =>
      insertVersion(tx, {
        tenantId: file.tenant,
        id: file.id,
        leadId: asset.leadId,
        auditId: asset.auditId,
        kind: asset.kind,
        filename: plainFilename(asset.filename),
        digest: file.digest,
        mime: file.mime,
        sizeBytes: file.sizeBytes,
        storageProvider: file.provider,
        storagePath: file.path,
        createdBy: asset.createdBy,
      }),
    read: async (asset) => readVerified(await storage.open(asset.storagePath), asset),
    stream: async (asset, startByte = 0) => {
      // A bucket has no bytes from the end on, and says so by an error.
      if (startByte > 0 && startByte >= asset.sizeBytes) return Readable.from([]);
      return streamVerified(await storage.open(asset.storagePath, { startByte }), asset, startByte);
    },
    signedUrl: (asset, lifetimeMs = LINK_LIFETIME_MS) =>
      links.sign(asset, new Date(clock.now().getTime() + lifetimeMs)),
  };
}

/** A name that is safe in paths and headers whatever a stranger called the file. */
function plainFilename(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/[^\w.-]+/g, '_')
    .replace(/^[._]+/, '')
    .slice(-100);
  return plain === '' ? 'file' : plain;
}
