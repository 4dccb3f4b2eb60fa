import { type HttpBindings, upgradeWebSocket } from '@hono/node-server';
import type { Context, Hono } from 'hono';
import { newId } from '../../runtime/ids.ts';
import { requireDeclaredError } from './contract.ts';
import { errorResponse, toAgosError } from './envelope.ts';
import { execute } from './execute.ts';
import type { KitDeps } from './kit-deps.ts';
import type { LiveSource } from './live.ts';
import { hiddenMethods, missing } from './paths.ts';
import { rateHeaders, type Standing } from './rate-limits.ts';
import type { AnyReply } from './reply.ts';
import type { Route } from './route.ts';
import { toSocket, wantsSocket, withSocketCredentials } from './socket.ts';
import { EVENT_STREAM_HEADERS, toEventStream } from './sse.ts';

/** Characters of a user agent that are kept. */
const MOST_USER_AGENT = 300;

export type ApiEnv = {
  Bindings: Partial<HttpBindings>;
  Variables: { requestId: string; standing: Standing };
};

/** Mounts routes and answers everything else in the envelope too: unknown paths, other methods, our own faults. */
export function mountRoutes(app: Hono<ApiEnv>, routes: readonly Route[], deps: KitDeps): void {
  app.use(async (c, next) => {
    c.set('requestId', requestIdOf(c.req.header('x-request-id')));
    await next();
    c.res.headers.set('x-request-id', c.get('requestId'));
    const standing = c.get('standing');
    if (!standing) return;
    for (const [name, value] of Object.entries(rateHeaders(standing, deps.clock.now()))) {
      c.res.headers.set(name, value);
    }
  });
  for (const [path, method] of hiddenMethods(routes)) {
    app.on(method, path, (c) => refuse(c, deps, missing(path, routes)));
  }
  for (const route of routes) {
    app.on(route.method.toUpperCase(), honoPath(route.path), async (c) => answer(route, deps, c));
  }
  app.notFound((c) => refuse(c, deps, missing(c.req.path, routes)));
  app.onError((error, c) => refuse(c, deps, error));
}

async function answer(route: Route, deps: KitDeps, c: Context<ApiEnv>): Promise<Response> {
  try {
    const requestId = c.get('requestId');
    const socket = c.env?.incoming?.socket.remoteAddress;
    const reply = await execute(route, deps, {
      request: withSocketCredentials(c.req.raw),
      params: c.req.param(),
      requestId,
      address: deps.clientAddress(socket, c.req.header('x-forwarded-for')),
      userAgent: userAgentOf(c.req.header('user-agent')),
      counted: (standing) => c.set('standing', standing),
    });
    return reply.live ? follow(route, deps, c, reply.live) : await toResponse(route, c, reply);
  } catch (error) {
    if (deps.checkContract) requireDeclaredError(route, toAgosError(error).code);
    throw error;
  }
}

/** An answer that goes on, over what the client asked for; nothing of it begins for whoever wants the head alone. */
async function follow(
  route: Route,
  deps: KitDeps,
  c: Context<ApiEnv>,
  source: LiveSource,
): Promise<Response> {
  if (isHead(c)) return new Response(null, { headers: EVENT_STREAM_HEADERS });
  const about = { request_id: c.get('requestId'), route: route.path };
  const failed = (error: unknown) => deps.logger.error({ err: error, ...about }, 'a stream broke off');
  if (wantsSocket(c.req.raw.headers)) return upgradeWebSocket(c, toSocket(source, failed));
  return new Response(toEventStream(source, failed), { headers: EVENT_STREAM_HEADERS });
}

async function toResponse(route: Route, c: Context<ApiEnv>, reply: AnyReply): Promise<Response> {
  const headers = new Headers(reply.headers);
  if (reply.stream !== undefined) {
    headers.set('content-type', route.responses[reply.status]?.contentType ?? 'application/octet-stream');
    // Hono drops the body of a HEAD, and nobody would ever end it.
    if (isHead(c) && typeof reply.stream !== 'string') await reply.stream.cancel();
    return new Response(isHead(c) ? null : reply.stream, { status: reply.status, headers });
  }
  if (reply.body === undefined) return new Response(null, { status: reply.status, headers });
  headers.set('content-type', 'application/json; charset=UTF-8');
  return new Response(JSON.stringify(reply.body), { status: reply.status, headers });
}

const isHead = (c: Context<ApiEnv>): boolean => c.req.method === 'HEAD';

function refuse(c: Context<ApiEnv>, deps: KitDeps, error: unknown): Response {
  const known = toAgosError(error);
  const requestId = c.get('requestId') ?? newId();
  if (known.status >= 500) {
    deps.logger.error(
      { err: error, request_id: requestId, route: c.req.routePath, method: c.req.method },
      known.code,
    );
  }
  const response = errorResponse(known, { requestId, now: deps.clock.now() });
  if (Array.isArray(known.details.allow)) response.headers.set('allow', known.details.allow.join(', '));
  return response;
}

const honoPath = (path: string): string => path.replace(/\{(\w+)\}/g, ':$1');

/** As much as tells programs apart, and nothing that a terminal obeys: whoever asks may write anything there. */
function userAgentOf(given: string | undefined): string | null {
  return given?.slice(0, MOST_USER_AGENT).replace(/\p{Cc}/gu, '\ufffd') || null;
}

/** A caller's own request id when it is sane, else a new one. */
function requestIdOf(given: string | undefined): string {
  return given !== undefined && /^[\w.-]{1,100}$/.test(given) ? given : newId();
}
