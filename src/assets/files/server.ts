import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { errorResponse } from '../../api/kit/envelope.ts';
import { AgosError } from '../../kernel/errors.ts';
import type { ByteBudget } from '../../runtime/byte-budget.ts';
import type { Clock } from '../../runtime/clock.ts';
import { newId } from '../../runtime/ids.ts';
import type { Logger } from '../../runtime/logger.ts';
import { createLinks, type LinkClaims } from './links.ts';
import { requirePace, SLOWEST } from './pace.ts';
import type { FileStorage } from './port.ts';
import { isMediaType, MEDIA_TYPES } from './rules.ts';
import { readPieces } from './verified.ts';

export type AssetsServerDeps = {
  storage: FileStorage;
  origin: string;
  signingSecret: string;
  clock: Clock;
  logger: Logger;
  /** Bounds what files hold of this process's memory while their readers take them. */
  byteBudget: ByteBudget;
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

/** See `createAssetsServer`. */
export type AssetsServer = Hono<{ Bindings: Partial<HttpBindings> }>;

/**
 * The origin that serves signed files and nothing else; it needs no database and knows no cookies. Whoever takes
 * a file more slowly than `pace` is cut off.
 */
export function createAssetsServer(deps: AssetsServerDeps, pace = SLOWEST): AssetsServer {
  const links = createLinks(deps);
  const app: AssetsServer = new Hono();
  app.use(async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(HEADERS)) c.res.headers.set(name, value);
  });
  app.get('/files/*', async (c) => {
    const claims = links.verify(new URL(c.req.url), deps.clock.now());
    if (!claims || !isMediaType(claims.mime)) throw refused();
    const body = await open(deps, claims);
    const headers = headersOf(claims, deps.clock.now());
    if (c.req.method === 'HEAD') {
      await body.cancel();
      return new Response(null, { headers });
    }
    const { incoming, outgoing } = c.env ?? {};
    if (incoming && outgoing) requirePace(outgoing, incoming.socket, pace);
    return new Response(body, { headers });
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

/** The file, which holds its bytes of the budget until it was taken or its reader is gone. */
async function open(deps: AssetsServerDeps, claims: LinkClaims): Promise<ReadableStream<Uint8Array>> {
  const release = await deps.byteBudget.take(claims.tenant, claims.sizeBytes);
  try {
    // Whole before the first byte goes out: what was damaged is never shown, not even in part.
    return inTurn(await readPieces(await deps.storage.open(claims.path), claims), release);
  } catch (error) {
    release();
    throw error;
  }
}

/** Pieces that go out as they are asked for; `ended` is called when no more are. */
function inTurn(pieces: Uint8Array[], ended: () => void): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull: (controller) => {
      const piece = pieces.shift();
      if (piece) return controller.enqueue(piece);
      controller.close();
      ended();
    },
    cancel: ended,
  });
}

function headersOf({ mime, filename, expires, sizeBytes }: LinkClaims, now: Date): HeadersInit {
  const remainingSeconds = Math.max(0, Math.floor(expires - now.getTime() / 1000));
  const disposition = isMediaType(mime) ? MEDIA_TYPES[mime] : 'attachment';
  return {
    'content-type': mime.startsWith('text/') ? `${mime}; charset=utf-8` : mime,
    'content-length': String(sizeBytes),
    'content-disposition': `${disposition}; filename="${filename}"`,
    'cache-control': `private, max-age=${Math.min(remainingSeconds, 300)}`,
  };
}

function refused(): AgosError {
  return new AgosError(
    'permission_denied',
    'This link is not valid or has expired: ask the API for a new one.',
  );
}
