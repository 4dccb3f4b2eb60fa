import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { Route } from './kit/index.ts';
import type { ApiEnv } from './kit/mount.ts';
import { documentHeaders, documentRoute } from './kit/openapi.ts';

const SCRIPT_PATH = '/reference/scalar.js';

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>AgOS API reference</title>
  </head>
  <body>
    <script id="api-reference" data-url="/openapi.json" data-configuration='{"withDefaultFonts":false,"telemetry":false,"showDeveloperTools":"never","hideClientButton":true,"agent":{"disabled":true},"mcp":{"disabled":true}}'></script>
    <script src="${SCRIPT_PATH}"></script>
  </body>
</html>
`;

/** Nothing may be loaded from elsewhere; the reference's own bundle sets its styles in the page. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Serves the OpenAPI 3.1 document and a reference page that loads nothing from other hosts. */
export function mountDocument(app: OpenAPIHono<ApiEnv>, routes: readonly Route[]): void {
  const document = documentOf(app, routes);
  const script = readBundle();
  app.get('/openapi.json', (c) => c.json(document));
  app.get('/reference', (c) => {
    c.header('content-security-policy', POLICY);
    return c.html(PAGE);
  });
  app.get(SCRIPT_PATH, (c) => serveScript(c, script));
}

/** The OpenAPI 3.1 document of these routes. */
export function documentOf(app: OpenAPIHono<ApiEnv>, routes: readonly Route[]): object {
  const registry = app.openAPIRegistry;
  registry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description:
      'An API key of AgOS (`agos_...`), or, with `AgOS-Tenant`, a JWT of an issuer of the installation (`AGOS_OIDC_ISSUERS`) or of an identity provider that the tenant trusts for itself (`/v1/sso-connections`).',
  });
  documentHeaders(registry);
  for (const route of routes) documentRoute(registry, route);
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'AgOS',
      version: '1',
      description: 'The durable backend an agency runs its AI agents on.',
    },
    servers: [{ url: '/' }],
  });
}

type Bundle = { text: string; etag: string };

function readBundle(): Bundle {
  const entry = createRequire(import.meta.url).resolve('@scalar/api-reference');
  const text = readFileSync(join(dirname(entry), 'browser', 'standalone.js'), 'utf8');
  return { text, etag: `"${createHash('sha256').update(text).digest('base64url')}"` };
}

function serveScript(c: Context, { text, etag }: Bundle): Response {
  const headers = { etag, 'cache-control': 'no-cache', 'content-type': 'text/javascript; charset=utf-8' };
  if (c.req.header('if-none-match') === etag) return c.body(null, 304, headers);
  return c.body(text, 200, headers);
}
