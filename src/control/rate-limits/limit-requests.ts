import { createHash } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import type { Plan } from '../../access/tenants/rules.ts';
import type { RateLimits, Standing } from '../../api/kit/rate-limits.ts';
import type { Database } from '../../runtime/database/database.ts';
import { createLocalCounter } from './count-here.ts';
import { createRequestCounter } from './count-requests.ts';
import {
  EMERGENCY_RATE,
  PLAN_RATES,
  type Rate,
  roomOf,
  STRANGER_RATE,
  TENANT_EMERGENCY_RATE,
} from './rules.ts';

export type RateLimitDeps = {
  db: Database;
  /** What each plan allows. */
  rates?: Record<Plan, Rate>;
};

/** Past this, refusals that are over are forgotten. */
const MANY_REFUSALS = 1_000;

/**
 * Rate limits: a tenant's by its plan, exact over all processes; for emergencies a sender's and a tenant's, and an
 * address's without valid credentials, in each process. Whom nobody knows may not make the database write.
 */
export function createRateLimits({ db, rates = PLAN_RATES }: RateLimitDeps): RateLimits {
  const count = createRequestCounter(db);
  const nowMs = () => performance.now();
  const countStranger = createLocalCounter(STRANGER_RATE, nowMs);
  const countEmergency = createLocalCounter(EMERGENCY_RATE, nowMs);
  const countTenantEmergency = createLocalCounter(TENANT_EMERGENCY_RATE, nowMs);
  const refusals = new Map<string, { standing: Standing; untilMs: number }>();

  const remember = (request: Request, standing: Standing): void => {
    const nowMs = performance.now();
    if (refusals.size > MANY_REFUSALS) {
      for (const [name, { untilMs }] of refusals) if (untilMs <= nowMs) refusals.delete(name);
    }
    refusals.set(nameOf(request, standing.policy), { standing, untilMs: nowMs + standing.nextMs });
  };
  return {
    // A bucket that is empty has nothing before its next request comes back, whichever process asks.
    knownOf: (request, policy) => {
      if (refusals.size === 0) return null;
      const name = nameOf(request, policy);
      const known = refusals.get(name);
      if (!known) return null;
      const leftMs = known.untilMs - performance.now();
      if (leftMs > 0) return { ...known.standing, nextMs: Math.ceil(leftMs) };
      refusals.delete(name);
      return null;
    },
    ofTenant: async (request, { tenant }) => {
      const rate = rates[tenant.plan];
      const { granted, used } = await count({ tenant: tenant.id, rate });
      if (used === null) return null;
      const standing = standingOf('plan', rate, { granted, used });
      if (standing.refused) remember(request, standing);
      return standing;
    },
    ofEmergency: (request, { tenant, scope }) => {
      const own = standingOf('emergency', EMERGENCY_RATE, countEmergency(`${tenant.id} ${scope.actor.id}`));
      // What is refused to one sender takes nothing from the tenant's others.
      const all = own.refused
        ? own
        : standingOf('emergency', TENANT_EMERGENCY_RATE, countTenantEmergency(tenant.id));
      const standing = all.refused ? all : own;
      if (standing.refused) remember(request, standing);
      return standing;
    },
    ofStranger: (address) => standingOf('address', STRANGER_RATE, countStranger(networkOf(address))),
  };
}

function standingOf(
  policy: Standing['policy'],
  rate: Rate,
  { granted, used }: { granted: boolean; used: number },
): Standing {
  return { policy, ...rate, refused: !granted, ...roomOf(used, rate) };
}

/** The limit and a digest of the credentials, since no secret is kept longer than its request. */
function nameOf({ headers }: Request, policy: Standing['policy']): string {
  const text = `${headers.get('agos-tenant') ?? ''} ${headers.get('authorization') ?? ''}`;
  return `${policy} ${createHash('sha256').update(text).digest('base64')}`;
}

/** Whoever has one IPv6 address has the 2^64 of its network. */
function networkOf(address: string): string {
  return ipaddr.IPv4.isValid(address)
    ? address
    : ipaddr.IPv6.networkAddressFromCIDR(`${address}/64`).toString();
}
