import pLimit from 'p-limit';
import { systemScope } from '../../kernel/actor.ts';
import type { Database, Tx } from '../../runtime/database/database.ts';
import { quotedOf } from '../../runtime/error-message.ts';
import { EVENTS_CHANNEL } from '../events/rules.ts';
import { findDue } from './deliveries.ts';
import { findObstacle } from './obstacles.ts';
import { findEnabled, findTenantsWithEndpoints } from './repository.ts';
import { takeEvents } from './take-events.ts';

export type WakeDeps = {
  db: Database;
  /** Starts the workflow that delivers to an endpoint, or wakes the one that waits. */
  start(endpoint: { tenant: string; endpointId: string }): Promise<void>;
  warn(message: string, about: Record<string, unknown>): void;
};

const TENANTS_AT_ONCE = 4;
/** What is committed within this time is taken together. */
const GATHER_MS = 200;

/** Takes a tenant's new events and starts what is due; answers with the number of endpoints that have something due. */
export async function wakeTenant({ db, start }: WakeDeps, tenant: string): Promise<number> {
  // Nobody asked for this in particular: the tenant itself stands in for a principal.
  const inTenant = <T>(work: (tx: Tx) => Promise<T>) => db.withTenant(systemScope(tenant, tenant), work);
  const ids = await inTenant(async (tx) =>
    (await findObstacle(tx, tenant)) ? [] : await findEnabled(tx, tenant),
  );
  let due = 0;
  for (const endpointId of ids) {
    let more = true;
    while (more) more = await inTenant((tx) => takeEvents(tx, tenant, endpointId));
    const [first] = await inTenant((tx) => findDue(tx, tenant, endpointId, 1));
    if (first === undefined) continue;
    await start({ tenant, endpointId });
    due += 1;
  }
  return due;
}

/** The same for every tenant: what a Schedule repeats, for notifications that went by unheard. */
export async function wakeAll(deps: WakeDeps): Promise<{ tenants: number; due: number }> {
  const tenants = await findTenantsWithEndpoints(deps.db);
  const limit = pLimit(TENANTS_AT_ONCE);
  const due = await Promise.all(tenants.map((tenant) => limit(() => quietly(deps, tenant))));
  return { tenants: tenants.length, due: due.reduce((sum, one) => sum + one, 0) };
}

/** Hears of new events and wakes their tenant's endpoints, until the database is closed. */
export function wakeWhenHeard(deps: WakeDeps): void {
  const gathering = new Set<string>();
  const limit = pLimit(TENANTS_AT_ONCE);
  const notified = (tenant: string): void => {
    if (gathering.has(tenant)) return;
    gathering.add(tenant);
    const soon = setTimeout(() => {
      gathering.delete(tenant);
      void limit(() => quietly(deps, tenant));
    }, GATHER_MS);
    soon.unref();
  };
  // What was missed while the connection was away comes with the next pass of the Schedule.
  deps.db.listen(EVENTS_CHANNEL, { notified, connected: () => {} });
}

/** One tenant that cannot be woken keeps no other from it; the next pass tries again. */
async function quietly(deps: WakeDeps, tenant: string): Promise<number> {
  try {
    return await wakeTenant(deps, tenant);
  } catch (error) {
    deps.warn('webhooks of a tenant could not be started', { tenant, reason: quotedOf(error) });
    return 0;
  }
}
