import { recordAudit } from '../../journal/audit-log/record.ts';
import { systemScope } from '../../kernel/actor.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { type DeliveryRow, endAttempt, failPending, noteDelivery } from './deliveries.ts';
import { changeEndpointRow, type EndpointRow, lockEndpoint, noteEndpoint } from './repository.ts';
import { type DisabledReason, type EndpointWork, longestPause, pauseAfter } from './rules.ts';
import type { Sent } from './send.ts';

const GONE = 410;

/** Writes down how an attempt went, what follows for its delivery, and what for the endpoint. */
export async function settleAttempt(
  tx: Tx,
  work: EndpointWork,
  done: { attemptId: string; delivery: DeliveryRow; sent: Sent; now: Date },
): Promise<void> {
  const { attemptId, delivery, sent, now } = done;
  const endpoint = await lockEndpoint(tx, work.tenant, work.endpointId);
  await endAttempt(tx, work.tenant, attemptId, {
    durationMs: sent.durationMs,
    statusCode: sent.statusCode,
    error: sent.error,
    responseExcerpt: sent.excerpt,
  });
  const { statusCode, error } = sent;
  if (error === null) {
    await noteDelivery(tx, work.tenant, delivery.id, {
      status: 'delivered',
      statusCode,
      error,
      pauseMs: null,
    });
    if (endpoint?.failingSince) await noteEndpoint(tx, endpoint, { failingSince: null, pausedUntil: null });
    return;
  }
  const pauseMs = pauseAfter(work.times, {
    tries: delivery.tries + 1,
    random: Math.random(),
    askedMs: sent.askedMs,
  });
  const status = pauseMs === null ? 'failed' : 'pending';
  await noteDelivery(tx, work.tenant, delivery.id, { status, statusCode, error, pauseMs });
  if (endpoint?.status === 'enabled') await settleEndpoint(tx, work, endpoint, { ...sent, now });
}

async function settleEndpoint(
  tx: Tx,
  { times }: EndpointWork,
  endpoint: EndpointRow,
  { statusCode, askedMs, now }: Sent & { now: Date },
): Promise<void> {
  const since = endpoint.failingSince ?? now;
  if (statusCode === GONE) return disable(tx, endpoint, { reason: 'gone', now });
  if (now.getTime() - since.getTime() >= times.disable_after_ms)
    return disable(tx, endpoint, { reason: 'failing', now });
  const asked = Math.min(askedMs ?? 0, longestPause(times.retry_delays_ms));
  const pausedUntil = asked > 0 ? new Date(now.getTime() + asked) : endpoint.pausedUntil;
  await noteEndpoint(tx, endpoint, { failingSince: since, pausedUntil });
}

/** Ends deliveries to an endpoint that nobody answers for; the event log tells of it by its trigger. */
async function disable(
  tx: Tx,
  endpoint: EndpointRow,
  { reason, now }: { reason: DisabledReason; now: Date },
): Promise<void> {
  const { tenantId, id, failingSince } = endpoint;
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
      details: { reason, failing_since: failingSince?.toISOString() ?? null },
    },
  );
}
