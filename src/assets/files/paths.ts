const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
/** Files of before versions are named by their digest, later ones by their asset; half-written ones end otherwise. */
const PATH = new RegExp(`^(${UUID})/[0-9a-f]{2}/(?:[0-9a-f]{64}|${UUID})(?:\\.${UUID})?$`);

/** Path of an asset's bytes: under its tenant, in one of 256 folders. */
export function pathFor(tenant: string, assetId: string): string {
  return requirePath(`${tenant}/${assetId.slice(-2)}/${assetId}`);
}

/** The tenant whose file lies at a path; null for a path that is not ours. */
export function tenantOfPath(path: string): string | null {
  return PATH.exec(path)?.[1] ?? null;
}

/** The path itself; throws for one that could lead out of the storage. */
export function requirePath(path: string): string {
  if (tenantOfPath(path) === null) throw new Error('no path of a stored file');
  return path;
}
