import { Hono } from 'hono';
import { errorResponse } from '../../api/kit/envelope.ts';
import { AgosError } from '../../kernel/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import { newId } from '../../runtime/ids.ts';
import type { Logger } from '../../runtime/logger.ts';
import { createLinks, type LinkClaims } from './links.ts';
import type { FileStorage } from './port.ts';
import { isMediaType, MEDIA_TYPES } from './rules.ts';
import { readVerified } from './verified.ts';

export type AssetsServerDeps = {
  storage: FileStorage;
  origin: string;
  signingSecret: string;
  clock: Clock;
  logger: Logger;
};

/** Strangers wrote what is in these files: they may show themselves and do nothing else. */
const POLICY =
  "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'";

const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'x-robots-tag': 'noindex',
};

/** The origin that serves signed files and nothing else; it needs no database and knows no cookies. */
export function createAssetsServer(deps: AssetsServerDeps): Hono {
  const links = createLinks(deps);
  const app = new Hono();
  app.use(async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(HEADERS)) c.res.headers.set(name, value);
  });
  app.get('/files/*', async (c) => {
    const claims = links.verify(new URL(c.req.url), deps.clock.now());
    if (!claims || !isMediaType(claims.mime)) throw refused();
    return serve(deps, claims);
  });
  const refuse = (error: AgosError): Response =>
    errorResponse(error, { requestId: newId(), now: deps.clock.now() });
  app.notFound(() => refuse(refused()));
  app.onError((error) => {
    const known = error instanceof AgosError ? error : null;
    if (!known || known.status >= 500) deps.logger.error({ err: error }, 'an asset could not be served');
    return refuse(known ?? new AgosError('internal_error', 'Something went wrong on our side.'));
  });
  return app;
}

async function serve(deps: AssetsServerDeps, claims: LinkClaims): Promise<Response> {
  const { path, mime, filename, expires } = claims;
  // Whole before the first byte goes out: what was damaged is never shown, not even in part.
  const bytes = await readVerified(await deps.storage.open(path), claims);
  const remainingSeconds = Math.max(0, Math.floor(expires - deps.clock.now().getTime() / 1000));
  const disposition = isMediaType(mime) ? MEDIA_TYPES[mime] : 'attachment';
  return new Response(bytes, {
    headers: {
      'content-type': mime.startsWith('text/') ? `${mime}; charset=utf-8` : mime,
      'content-length': String(bytes.byteLength),
      'content-disposition': `${disposition}; filename="${filename}"`,
      'cache-control': `private, max-age=${Math.min(remainingSeconds, 300)}`,
    },
  });
}

function refused(): AgosError {
  return new AgosError(
    'permission_denied',
    'This link is not valid or has expired: ask the API for a new one.',
  );
}
