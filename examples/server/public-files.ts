import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';

const MIME_TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.xml': 'application/xml',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.pdf': 'application/pdf',
  '.swf': 'application/x-shockwave-flash',
  '.php': 'text/html; charset=utf-8',
};

export type PublicFile = { body: Buffer; mimeType: string; etag: string };

/** Files of one site by URL path. Read once: a request can only name what was there at the start. */
export type PublicFiles = ReadonlyMap<string, PublicFile>;

/** Reads every regular file below a folder into memory, keyed by its URL path. */
export function readPublicFiles(folder: string): PublicFiles {
  const files = new Map<string, PublicFile>();
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const body = readFileSync(path);
    const urlPath = `/${relative(folder, path).split(sep).join('/')}`;
    const mimeType = MIME_TYPES[extname(entry.name).toLowerCase()] ?? 'application/octet-stream';
    files.set(urlPath, { body, mimeType, etag: `"${digest(body)}"` });
  }
  return files;
}

/** Finds the file that a URL path names; a path that ends in a slash means its index.html. */
export function findPublicFile(files: PublicFiles, urlPath: string): PublicFile | undefined {
  return files.get(urlPath.endsWith('/') ? `${urlPath}index.html` : urlPath);
}

function digest(body: Buffer): string {
  return createHash('sha256').update(body).digest('base64url').slice(0, 22);
}
