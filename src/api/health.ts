import type { Hono } from 'hono';
import type { Gateway } from '../../temporal/gateway-type.ts';
import type { Database } from '../runtime/database/database.ts';
import type { ApiEnv } from './kit/mount.ts';

type HealthDeps = { db: Pick<Database, 'ping'>; gateway: Pick<Gateway, 'reachable'> };

/** Nobody has to prove who they are here: whoever asks on and on gets the answer of this second. */
const SHARED_MS = 1_000;

/** `/healthz` says that the process lives, `/readyz` which of the parts it needs answer. */
export function mountHealth(app: Hono<ApiEnv>, deps: HealthDeps): void {
  const readiness = sharedFor(SHARED_MS, () => readinessOf(deps));
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', async (c) => {
    const ready = await readiness();
    return c.json(ready, ready.status === 'unavailable' ? 503 : 200);
  });
}

async function readinessOf({ db, gateway }: HealthDeps) {
  const [database, temporal] = await Promise.all([
    db.ping().then(
      () => true,
      () => false,
    ),
    gateway.reachable(),
  ]);
  const parts = { database: word(database), temporal: word(temporal) };
  // Without Temporal reads and requests for work still succeed, so only the database takes us out of service.
  return { status: !database ? 'unavailable' : temporal ? 'ready' : 'degraded', parts };
}

const word = (reachable: boolean): 'reachable' | 'unreachable' => (reachable ? 'reachable' : 'unreachable');

/** One answer for all who ask while it is looked for, and for so long after it. */
function sharedFor<T>(ms: number, ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | null = null;
  const forget = () => {
    answer = null;
  };
  return () => {
    answer ??= ask().finally(() => setTimeout(forget, ms).unref());
    return answer;
  };
}
