import type { Hono } from 'hono';
import type { Gateway } from '../../temporal/gateway-type.ts';
import type { Database } from '../runtime/database/database.ts';
import type { ApiEnv } from './kit/mount.ts';

/** `/healthz` says that the process lives, `/readyz` which of the parts it needs answer. */
export function mountHealth(app: Hono<ApiEnv>, deps: { db: Database; gateway: Gateway }): void {
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', async (c) => {
    const [database, temporal] = await Promise.all([
      deps.db.ping().then(
        () => true,
        () => false,
      ),
      deps.gateway.reachable(),
    ]);
    const parts = { database: word(database), temporal: word(temporal) };
    // Without Temporal reads and requests for work still succeed, so only the database takes us out of service.
    const status = !database ? 'unavailable' : temporal ? 'ready' : 'degraded';
    return c.json({ status, parts }, database ? 200 : 503);
  });
}

const word = (reachable: boolean): 'reachable' | 'unreachable' => (reachable ? 'reachable' : 'unreachable');
