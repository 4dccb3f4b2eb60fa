import { OpenAPIHono } from '@hono/zod-openapi';
import { secureHeaders } from 'hono/secure-headers';
import { createAuthenticate } from '../access/identity/authenticate.ts';
import { createTokenVerifier, type Issuer } from '../access/identity/tokens.ts';
import type { Logger } from '../runtime/logger.ts';
import { mountDocument } from './document.ts';
import { mountHealth } from './health.ts';
import { type ApiEnv, mountRoutes } from './kit/mount.ts';
import { allRoutes, type RoutesDeps } from './routes.ts';

export type AppDeps = RoutesDeps & {
  logger: Logger;
  issuers: readonly Issuer[];
  /** See `KitDeps`. */
  checkContract?: boolean;
};

/** The whole HTTP API over its dependencies; needs no socket, so tests call `app.request`. */
export function createApp(deps: AppDeps): OpenAPIHono<ApiEnv> {
  const { db, clock, logger, signingSecret } = deps;
  const app = new OpenAPIHono<ApiEnv>();
  const routes = allRoutes(deps);
  const authenticate = createAuthenticate({ db, clock, verifyToken: createTokenVerifier(deps.issuers) });
  app.use(secureHeaders({ strictTransportSecurity: false, crossOriginResourcePolicy: 'same-origin' }));
  mountHealth(app, deps);
  mountDocument(app, routes);
  mountRoutes(app, routes, {
    db,
    clock,
    logger,
    signingSecret,
    authenticate,
    ...(deps.checkContract !== undefined && { checkContract: deps.checkContract }),
  });
  return app;
}
