import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Clock } from '../../runtime/clock.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { newId } from '../../runtime/ids.ts';
import { digestOfBytes, pathOf, readStoredFile, writeFileOnce } from './folder.ts';
import { createLinks } from './links.ts';
import { type AssetRow, insertAsset } from './repository.ts';
import { isMediaType, LINK_LIFETIME_MS } from './rules.ts';
import type { AssetKind } from './tables.ts';

export type NewAsset = {
  tenant: string;
  leadId: string | null;
  kind: AssetKind;
  filename: string;
  mime: string;
  bytes: Uint8Array;
  createdBy: string;
};

export type AssetStore = {
  /** Stores a file and adds its row in the caller's transaction; equal bytes of a tenant are kept once. */
  save(tx: Tx, asset: NewAsset): Promise<AssetRow>;
  read(asset: AssetRow): Promise<Uint8Array<ArrayBuffer>>;
  /** The bytes from an offset on, for files too large to hold. */
  stream(asset: AssetRow, startByte?: number): Readable;
  /** A link that works without credentials for an hour, or as long as asked. */
  signedUrl(asset: AssetRow, lifetimeMs?: number): string;
};

export type AssetStoreDeps = {
  /** Folder of the files. */
  dir: string;
  /** Origin of the assets server, which serves nothing but these files. */
  origin: string;
  signingSecret: string;
  clock: Clock;
};

/** Files in a folder, under their tenant and digest, reached by signed links. */
export function createAssetStore(deps: AssetStoreDeps): AssetStore {
  const { dir, clock } = deps;
  const links = createLinks(deps);
  return {
    save: async (tx, asset) => {
      if (!isMediaType(asset.mime)) throw new Error(`files of ${asset.mime} are not stored`);
      const digest = digestOfBytes(asset.bytes);
      // The file first: a row without its file would be a broken promise, a file without row only wastes room.
      await writeFileOnce(dir, { tenant: asset.tenant, digest }, asset.bytes);
      return insertAsset(tx, {
        tenantId: asset.tenant,
        id: newId(),
        leadId: asset.leadId,
        kind: asset.kind,
        filename: plainFilename(asset.filename),
        digest,
        mime: asset.mime,
        sizeBytes: asset.bytes.byteLength,
        createdBy: asset.createdBy,
      });
    },
    read: (asset) => readStoredFile(dir, { tenant: asset.tenantId, digest: asset.digest }),
    stream: ({ tenantId, digest }, startByte = 0) =>
      createReadStream(pathOf(dir, { tenant: tenantId, digest }), { start: startByte }),
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
