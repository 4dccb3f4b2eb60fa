import { OpenAPIHono } from '@hono/zod-openapi';
import type { Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { createAuthenticate } from '../access/identity/authenticate.ts';
import { createTokenVerifier } from '../access/identity/tokens.ts';
import { createSignIn } from '../access/sso/sign-in.ts';
import type { ByteBudget } from '../runtime/byte-budget.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Telemetry } from '../runtime/telemetry/telemetry.ts';
import { mountDocument } from './document.ts';
import { mountHealth } from './health.ts';
import type { ClientAddress } from './kit/client-address.ts';
import { type ApiEnv, mountRoutes } from './kit/mount.ts';
import type { RateLimits } from './kit/rate-limits.ts';
import { observeRequests } from './observe-requests.ts';
import { allRoutes, type RoutesDeps } from './routes.ts';
import { traceRequests } from './trace-requests.ts';

export type AppDeps = RoutesDeps & {
  logger: Logger;
  rateLimits: RateLimits;
  clientAddress: ClientAddress;
  byteBudget: ByteBudget;
  /** Seals cursors; the same in every process of the API. */
  signingSecret: string;
  /** Decrypts payloads for the Temporal Web UI, at `/codec`; absent without payload keys. */
  codecEndpoint?: Hono<ApiEnv>;
  /** Where requests are counted and traced; nothing is, without it. */
  telemetry?: Telemetry;
  /** See `KitDeps`. */
  checkContract?: boolean;
};

/** The whole HTTP API over its dependencies; needs no socket, so tests call `app.request`. */
export function createApp(deps: AppDeps): OpenAPIHono<ApiEnv> {
  const { db, clock, logger, signingSecret } = deps;
  const app = new OpenAPIHono<ApiEnv>();
  const routes = allRoutes(deps);
  const authenticate = createAuthenticate({
    db,
    clock,
    verifyToken: createTokenVerifier(deps.issuers),
    signIn: createSignIn({ db, clock, keys: deps.providers.keys, issuers: deps.issuers }),
  });
  const { registry, tracer } = deps.telemetry ?? {};
  if (registry) app.use(observeRequests(registry));
  // Health checks come every few seconds and would hide what is asked for.
  if (tracer) app.use('/v1/*', traceRequests(tracer));
  app.use(async (c, next) => {
    await next();
    if (!c.res.headers.has('cache-control')) c.res.headers.set('cache-control', 'no-store');
  });
  // Whether TLS stands in front is the deployment's to know: it adds Strict-Transport-Security itself.
  app.use(secureHeaders({ strictTransportSecurity: false }));
  mountHealth(app, deps);
  if (deps.codecEndpoint) app.route('/codec', deps.codecEndpoint);
  mountDocument(app, routes);
  mountRoutes(app, routes, {
    db,
    clock,
    logger,
    signingSecret,
    authenticate,
    rateLimits: deps.rateLimits,
    clientAddress: deps.clientAddress,
    byteBudget: deps.byteBudget,
    ...(deps.checkContract !== undefined && { checkContract: deps.checkContract }),
  });
  return app;
}
