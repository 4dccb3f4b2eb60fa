import type { IncomingMessage, ServerResponse } from 'node:http';
import { findPublicFile, type PublicFile, type PublicFiles } from './public-files.ts';
import type { Site, SiteRoute } from './site.ts';

/** One site as the server holds it: its description and its files. */
export type LoadedSite = { site: Site; files: PublicFiles };

type Answer = { status: number; headers: Record<string, string>; body: Buffer };

/** Answers one request of a known site: its routes first, then its files, then 404. */
export function respond(loaded: LoadedSite, req: IncomingMessage, res: ServerResponse): void {
  const path = urlPath(req);
  if (path === null) {
    send(req, res, plain(400, 'Bad request'));
    return;
  }
  const route = Object.hasOwn(loaded.site.routes, path) ? loaded.site.routes[path] : undefined;
  const answer = answerFor(loaded.files, path, route);
  if (!route?.delay_ms) {
    send(req, res, answer);
    return;
  }
  const timer = setTimeout(() => send(req, res, answer), route.delay_ms);
  res.once('close', () => clearTimeout(timer));
}

/** Sends the visitor of plain http to the same page on https. */
export function redirectToHttps(site: Site, port: number, req: IncomingMessage, res: ServerResponse): void {
  const location = `https://${site.host}${port === 443 ? '' : `:${port}`}${req.url ?? '/'}`;
  send(req, res, { ...plain(301, 'Moved'), headers: { location } });
}

/** Refuses a request whose Host is not served here, or not under this certificate. */
export function refuseHost(req: IncomingMessage, res: ServerResponse): void {
  send(req, res, plain(421, 'No such site here'));
}

function answerFor(files: PublicFiles, path: string, route: SiteRoute | undefined): Answer {
  const file = findPublicFile(files, route?.file ? `/${route.file}` : path);
  const extra = lowerCaseNames(route?.headers ?? {});
  if (route?.location !== undefined) {
    return { status: route.status ?? 302, headers: { location: route.location, ...extra }, body: empty() };
  }
  if (file)
    return { status: route?.status ?? 200, headers: { ...fileHeaders(file), ...extra }, body: file.body };
  if (route?.status !== undefined) return withHeaders(plain(route.status, ''), extra);
  return withHeaders(notFound(files), extra);
}

function notFound(files: PublicFiles): Answer {
  const page = files.get('/404.html');
  if (!page) return plain(404, 'Not found');
  return { status: 404, headers: { 'content-type': page.mimeType }, body: page.body };
}

function fileHeaders(file: PublicFile): Record<string, string> {
  const page = file.mimeType.startsWith('text/html');
  return {
    'content-type': file.mimeType,
    'cache-control': page ? 'no-cache' : 'public, max-age=604800',
    etag: file.etag,
  };
}

function send(req: IncomingMessage, res: ServerResponse, answer: Answer): void {
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    res.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  const fresh = answer.status === 200 && answer.headers.etag === req.headers['if-none-match'];
  if (fresh && answer.headers.etag !== undefined) {
    res.writeHead(304, answer.headers).end();
    return;
  }
  res.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length });
  res.end(req.method === 'HEAD' ? undefined : answer.body);
}

/** The decoded path of the request, or null when it is no path that could name a file. */
function urlPath(req: IncomingMessage): string | null {
  try {
    return decodeURIComponent(new URL(req.url ?? '/', 'http://site.example').pathname);
  } catch {
    return null;
  }
}

function plain(status: number, text: string): Answer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: Buffer.from(text) };
}

function withHeaders(answer: Answer, extra: Record<string, string>): Answer {
  return { ...answer, headers: { ...answer.headers, ...extra } };
}

function lowerCaseNames(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function empty(): Buffer {
  return Buffer.alloc(0);
}
