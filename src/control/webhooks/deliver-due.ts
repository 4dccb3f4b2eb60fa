import pLimit from 'p-limit';
import { systemScope } from '../../kernel/actor.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { type AttemptOutcome, attemptDelivery, type DeliverDeps } from './attempt.ts';
import { findDue, nextDueMs } from './deliveries.ts';
import { findEndpoint } from './repository.ts';
import { AT_ONCE, type EndpointWork } from './rules.ts';

/** What a pass over an endpoint's deliveries leaves. */
export type Pass = {
  delivered: number;
  failed: number;
  /** Until the next delivery is due, in milliseconds: 0 for at once, null when there is nothing to wait for. */
  wait_ms: number | null;
};

const PAGE = 50;
/** A pass ends soon after this, so that one endpoint's slot is free again for another's. */
const PASS_MS = 20_000;

type Plan = { ids: string[]; atOnce: number; waitMs: number | null };

/** Delivers what is due at one endpoint; `signal` stops it between and within requests. */
export async function deliverDue(deps: DeliverDeps, work: EndpointWork, signal: AbortSignal): Promise<Pass> {
  const until = performance.now() + PASS_MS;
  const pass: Pass = { delivered: 0, failed: 0, wait_ms: 0 };
  const isOver = (): boolean => signal.aborted || performance.now() > until;
  while (!isOver()) {
    const plan = await deps.db.withTenant(systemScope(work.tenant, work.tenant), (tx) =>
      planOf(tx, work, deps.clock.now()),
    );
    if (plan.ids.length === 0) return { ...pass, wait_ms: plan.waitMs };
    const outcomes = await attemptAll(deps, work, plan, { signal, isOver });
    const count = (outcome: AttemptOutcome) => outcomes.filter((one) => one === outcome).length;
    pass.delivered += count('delivered');
    pass.failed += count('failed');
    // What is due stays so: the Schedule starts it again when it may be delivered.
    if (count('halted') > 0) return { ...pass, wait_ms: null };
  }
  signal.throwIfAborted();
  return pass;
}

async function planOf(tx: Tx, { tenant, endpointId }: EndpointWork, now: Date): Promise<Plan> {
  const endpoint = await findEndpoint(tx, tenant, endpointId);
  const nothing = { ids: [], atOnce: 0, waitMs: null };
  if (endpoint?.status !== 'enabled') return nothing;
  const pausedMs = (endpoint.pausedUntil?.getTime() ?? 0) - now.getTime();
  if (pausedMs > 0) return { ...nothing, waitMs: pausedMs };
  const ids = await findDue(tx, tenant, endpointId, PAGE);
  if (ids.length === 0) return { ...nothing, waitMs: await nextDueMs(tx, tenant, endpointId) };
  return { ids, atOnce: endpoint.failingSince ? AT_ONCE.failing : AT_ONCE.healthy, waitMs: 0 };
}

async function attemptAll(
  deps: DeliverDeps,
  work: EndpointWork,
  { ids, atOnce }: Plan,
  { signal, isOver }: { signal: AbortSignal; isOver(): boolean },
): Promise<AttemptOutcome[]> {
  const limit = pLimit(atOnce);
  let stop = false;
  const one = async (id: string): Promise<AttemptOutcome> => {
    if (stop || isOver()) return 'skipped';
    const outcome = await attemptDelivery(deps, work, id, signal);
    if (outcome === 'halted') stop = true;
    return outcome;
  };
  const results = await Promise.allSettled(ids.map((id) => limit(() => one(id))));
  const broken = results.find((result) => result.status === 'rejected');
  if (broken) throw broken.reason;
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}
