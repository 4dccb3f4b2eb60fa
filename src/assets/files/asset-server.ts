import { Readable } from 'node:stream';
import { Hono } from 'hono';
import { systemScope } from '../../kernel/actor.ts';
import type { Database } from '../../runtime/database/database.ts';
import type { FileSigner } from './signed-url.ts';
import { type AssetStore, findAsset } from './store.ts';

/** Files are shown only as what AgOS itself stores; everything else is downloaded. */
const SHOWN = new Set(['image/jpeg', 'image/png', 'text/html']);

/**
 * Pages from this origin run nothing, load nothing and belong to no origin: what strangers wrote cannot
 * act, even when it gets past the report's escaping.
 */
const POLICY =
  "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'cross-origin',
  'cache-control': 'private, max-age=300',
};

/** The origin that serves signed files and nothing else. */
export function createAssetApp(deps: { db: Database; signer: FileSigner; store: AssetStore }): Hono {
  const app = new Hono();
  app.get('/f/:tenant/:id', async (c) => {
    const file = deps.signer.verify(new URL(c.req.url));
    if (!file) return c.text('This link is not valid any more. Ask for a new one.', 403, HEADERS);
    const row = await deps.db.withTenant(systemScope(file.tenantId, file.id), (tx) =>
      findAsset(tx, file.tenantId, file.id),
    );
    if (!row) return c.text('There is no such file.', 404, HEADERS);
    const disposition = SHOWN.has(row.mime) ? 'inline' : 'attachment';
    return c.body(Readable.toWeb(deps.store.stream(row)) as ReadableStream, 200, {
      ...HEADERS,
      'content-type': row.mime === 'text/html' ? 'text/html; charset=utf-8' : row.mime,
      'content-length': String(row.sizeBytes),
      'content-disposition': `${disposition}; filename="${row.filename.replace(/[^\w.-]/g, '_')}"`,
    });
  });
  app.notFound((c) => c.text('Only signed files are served here.', 404, HEADERS));
  return app;
}
