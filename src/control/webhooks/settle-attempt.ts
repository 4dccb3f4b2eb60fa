import { recordAudit } from '../../journal/audit-log/record.ts';
import { systemScope } from '../../kernel/actor.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { type DeliveryRow, endAttempt, failPending, findDelivery, noteDelivery } from './deliveries.ts';
import { changeEndpointRow, type EndpointRow, HEALTHY, lockEndpoint, noteEndpoint } from './repository.ts';
import {
  type DeliveryStatus,
  type DisabledReason,
  type EndpointWork,
  failingSince,
  longestPause,
  pauseAfter,
} from './rules.ts';
import type { Sent } from './send.ts';

const GONE = 410;

/** An attempt that has ended, with endpoint and delivery as they were when it began. */
export type Attempted = {
  attemptId: string;
  endpoint: EndpointRow;
  delivery: DeliveryRow;
  sent: Sent;
  now: Date;
};

/** Writes down how an attempt went, what follows for its delivery, and what for the endpoint. */
export async function settleAttempt(tx: Tx, work: EndpointWork, done: Attempted): Promise<void> {
  const { attemptId, sent, now } = done;
  const endpoint = await lockEndpoint(tx, work.tenant, work.endpointId);
  await endAttempt(tx, work.tenant, attemptId, {
    durationMs: sent.durationMs,
    statusCode: sent.statusCode,
    error: sent.error,
    responseExcerpt: sent.excerpt,
  });
  const delivery = await findDelivery(tx, work.tenant, done.delivery.id);
  // Sent again meanwhile, or settled by another worker: it stands as that has left it.
  if (delivery && isAsBefore(done.delivery, delivery)) await settleDelivery(tx, work, delivery, sent);
  // What the address before a change answers says nothing about the one that stands there now.
  if (endpoint?.url === done.endpoint.url) await settleEndpoint(tx, work, endpoint, { ...sent, now });
}

function isAsBefore(before: DeliveryRow, delivery: DeliveryRow): boolean {
  return (
    delivery.tries === before.tries && delivery.nextAttemptAt.getTime() === before.nextAttemptAt.getTime()
  );
}

async function settleDelivery(
  tx: Tx,
  { tenant, times }: EndpointWork,
  delivery: DeliveryRow,
  { statusCode, error, askedMs }: Sent,
): Promise<void> {
  const note = (status: DeliveryStatus, pauseMs: number | null) =>
    noteDelivery(tx, tenant, delivery.id, { status, statusCode, error, pauseMs });
  if (error === null) return note('delivered', null);
  const pauseMs = pauseAfter(times, { tries: delivery.tries + 1, random: Math.random(), askedMs });
  await note(pauseMs === null ? 'failed' : 'pending', pauseMs);
}

async function settleEndpoint(
  tx: Tx,
  { times }: EndpointWork,
  endpoint: EndpointRow,
  { statusCode, error, askedMs, now }: Sent & { now: Date },
): Promise<void> {
  if (error === null) {
    if (endpoint.failingSince) await noteEndpoint(tx, endpoint, HEALTHY);
    return;
  }
  if (endpoint.status !== 'enabled') return;
  const since = failingSince(times, endpoint, now);
  if (statusCode === GONE) return disable(tx, endpoint, { reason: 'gone', now });
  if (now.getTime() - since.getTime() >= times.disable_after_ms)
    return disable(tx, endpoint, { reason: 'failing', now });
  const asked = Math.min(askedMs ?? 0, longestPause(times.retry_delays_ms));
  const pausedUntil = asked > 0 ? new Date(now.getTime() + asked) : endpoint.pausedUntil;
  await noteEndpoint(tx, endpoint, { failingSince: since, lastFailedAt: now, pausedUntil });
}

/** Ends deliveries to an endpoint that nobody answers for; the event log tells of it by its trigger. */
async function disable(
  tx: Tx,
  endpoint: EndpointRow,
  { reason, now }: { reason: DisabledReason; now: Date },
): Promise<void> {
  const { tenantId, id, failingSince: since } = endpoint;
  await changeEndpointRow(tx, endpoint, {
    status: 'disabled',
    disabledReason: reason,
    disabledAt: now,
  });
  await failPending(tx, endpoint, 'endpoint_disabled');
  const scope = systemScope(tenantId, endpoint.createdBy);
  await recordAudit(
    { tx, scope, requestId: null, address: null },
    {
      action: 'webhook_endpoint.disabled',
      resourceType: 'webhook_endpoint',
      resourceId: id,
      details: { reason, failing_since: since?.toISOString() ?? null },
    },
  );
}
