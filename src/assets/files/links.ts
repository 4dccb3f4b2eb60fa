import { createHmac, timingSafeEqual } from 'node:crypto';
import type { AssetRow } from './repository.ts';

/** Everything that a link vouches for. */
export type LinkClaims = {
  tenant: string;
  assetId: string;
  digest: string;
  /** Where the bytes lie in the storage. */
  path: string;
  sizeBytes: number;
  mime: string;
  filename: string;
  /** Seconds since 1970. */
  expires: number;
};

export type Links = {
  /** A link that shows the asset to whoever holds it, until then. */
  sign(asset: AssetRow, expiresAt: Date): string;
  /** What a link vouches for, or null when it was altered or is past its time. */
  verify(url: URL, now: Date): LinkClaims | null;
};

/** Links under `origin`, sealed with a key derived from the server's signing secret. */
export function createLinks(options: { origin: string; signingSecret: string }): Links {
  const key = createHmac('sha256', options.signingSecret).update('agos:asset-link').digest();
  const macOf = (claims: LinkClaims): Buffer => {
    const { tenant, assetId, digest, path, sizeBytes, mime, filename, expires } = claims;
    return createHmac('sha256', key)
      .update(JSON.stringify([tenant, assetId, digest, path, sizeBytes, mime, filename, expires]))
      .digest();
  };

  return {
    sign: (asset, expiresAt) => {
      const expires = Math.ceil(expiresAt.getTime() / 1000);
      const { tenantId: tenant, id: assetId, digest, storagePath: path, sizeBytes, mime, filename } = asset;
      const claims = { tenant, assetId, digest, path, sizeBytes, mime, filename, expires };
      const signature = macOf(claims).toString('base64url');
      const url = new URL(`/files/${tenant}/${assetId}/${encodeURIComponent(filename)}`, options.origin);
      url.search = new URLSearchParams({
        digest,
        path,
        size: String(sizeBytes),
        mime,
        expires: String(expires),
        signature,
      }).toString();
      return url.href;
    },
    verify: (url, now) => {
      const claims = readClaims(url);
      if (!claims) return null;
      const given = Buffer.from(url.searchParams.get('signature') ?? '', 'base64url');
      const right = macOf(claims);
      if (given.length !== right.length || !timingSafeEqual(given, right)) return null;
      return claims.expires * 1000 > now.getTime() ? claims : null;
    },
  };
}

function readClaims(url: URL): LinkClaims | null {
  const [, , tenant, assetId, name, ...rest] = url.pathname.split('/');
  const { digest, path, size, mime, expires } = Object.fromEntries(url.searchParams);
  if (
    !tenant ||
    !assetId ||
    !name ||
    rest.length > 0 ||
    !digest ||
    !path ||
    !mime ||
    !/^\d{1,12}$/.test(size ?? '') ||
    !/^\d{1,12}$/.test(expires ?? '')
  ) {
    return null;
  }
  try {
    return {
      tenant,
      assetId,
      digest,
      path,
      sizeBytes: Number(size),
      mime,
      filename: decodeURIComponent(name),
      expires: Number(expires),
    };
  } catch {
    return null;
  }
}
