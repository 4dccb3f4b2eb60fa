import { systemScope } from '../../kernel/actor.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Database, Tx } from '../../runtime/database/database.ts';
import type { GuardedPost } from '../../runtime/egress/post.ts';
import { type EventRow, findEvent } from '../events/repository.ts';
import type { StopFile } from '../kill-switch/stop-file.ts';
import type { StopWatch } from '../kill-switch/watch-stops.ts';
import { type DeliveryRow, endAttempt, findDelivery, insertAttempt, loseAttempts } from './deliveries.ts';
import { findObstacle } from './obstacles.ts';
import { payloadOf } from './payload.ts';
import { type EndpointRow, findEndpoint, findSealedSecrets } from './repository.ts';
import type { EndpointWork } from './rules.ts';
import type { SecretSeal } from './seal.ts';
import { type Sent, sendMessage } from './send.ts';
import { settleAttempt } from './settle-attempt.ts';

export type DeliverDeps = {
  db: Database;
  clock: Clock;
  post: GuardedPost;
  seal: SecretSeal;
  stopFile: StopFile;
  stopWatch: StopWatch;
};

/** `halted`: nothing may be delivered now, or not any more. `skipped`: the delivery has ended meanwhile. */
export type AttemptOutcome = 'delivered' | 'failed' | 'skipped' | 'halted';

type Begun = {
  attemptId: string;
  endpoint: EndpointRow;
  delivery: DeliveryRow;
  event: EventRow | null;
  sealed: string[];
};

/** One attempt at one delivery, broken off by a kill switch that is turned on meanwhile. */
export async function attemptDelivery(
  deps: DeliverDeps,
  work: EndpointWork,
  deliveryId: string,
  signal: AbortSignal,
): Promise<AttemptOutcome> {
  const stopping = new AbortController();
  // Watched before it is asked for, so that no switch falls between the two.
  const unwatch = deps.stopWatch.watch({ tenant: work.tenant, onStop: () => stopping.abort() });
  try {
    if (await deps.stopFile.read()) return 'halted';
    return await attempt(deps, work, deliveryId, { worker: signal, stop: stopping.signal });
  } finally {
    unwatch();
  }
}

/** Written down before it begins and after it has ended. */
async function attempt(
  deps: DeliverDeps,
  work: EndpointWork,
  deliveryId: string,
  ends: { worker: AbortSignal; stop: AbortSignal },
): Promise<AttemptOutcome> {
  const inTenant = <T>(fn: (tx: Tx) => Promise<T>) =>
    deps.db.withTenant(systemScope(work.tenant, work.tenant), fn);
  const begun = await inTenant((tx) => begin(tx, work, deliveryId));
  if (typeof begun === 'string') return begun;
  const either = AbortSignal.any([ends.worker, ends.stop]);
  try {
    const sent = await send(deps, work, begun, either);
    await inTenant((tx) => settleAttempt(tx, work, { ...begun, sent, now: deps.clock.now() }));
    return sent.error === null ? 'delivered' : 'failed';
  } catch (error) {
    if (!either.aborted) throw error;
    // Broken off in the middle: whoever goes on sends it again, and no attempt is used up.
    await inTenant((tx) => endAttempt(tx, work.tenant, begun.attemptId, INTERRUPTED));
    if (ends.worker.aborted) throw error;
    return 'halted';
  }
}

const INTERRUPTED = {
  durationMs: null,
  statusCode: null,
  error: 'interrupted',
  responseExcerpt: null,
} as const;

/** Looks whether it may begin, and notes that it does, in one transaction. */
async function begin(
  tx: Tx,
  { tenant, endpointId }: EndpointWork,
  deliveryId: string,
): Promise<Begun | 'halted' | 'skipped'> {
  if (await findObstacle(tx, tenant)) return 'halted';
  const endpoint = await findEndpoint(tx, tenant, endpointId);
  if (endpoint?.status !== 'enabled') return 'halted';
  const delivery = await findDelivery(tx, tenant, deliveryId);
  if (delivery?.status !== 'pending') return 'skipped';
  const event = delivery.eventSeq === null ? null : await findEvent(tx, tenant, delivery.eventSeq);
  const sealed = await findSealedSecrets(tx, tenant, endpointId);
  await loseAttempts(tx, tenant, deliveryId);
  return { attemptId: await insertAttempt(tx, tenant, deliveryId), endpoint, delivery, event, sealed };
}

async function send(
  { clock, post, seal }: DeliverDeps,
  { times }: EndpointWork,
  { endpoint, delivery, event, sealed }: Begun,
  signal: AbortSignal,
): Promise<Sent> {
  const secrets = opened(seal, sealed, endpoint.id);
  if (secrets === null) return UNREADABLE;
  const message = { id: delivery.eventId, at: clock.now(), body: payloadOf(delivery, event) };
  return sendMessage(post, { url: endpoint.url, secrets, message, timeoutMs: times.timeout_ms, signal });
}

const UNREADABLE: Sent = {
  statusCode: null,
  error: 'secret_unreadable',
  askedMs: null,
  excerpt: null,
  durationMs: 0,
};

/**
 * The secrets to sign with. Null where the one in use cannot be opened: the server's own secret is another one by
 * now, and the endpoint needs a new one. Then the one before cannot be opened either, and does not hold that up.
 */
function opened(seal: SecretSeal, sealed: readonly string[], owner: string): string[] | null {
  const [inUse, ...before] = sealed.map((one) => {
    try {
      return seal.open(one, owner);
    } catch {
      return null;
    }
  });
  return inUse ? [inUse, ...before.filter((one) => one !== null)] : null;
}
