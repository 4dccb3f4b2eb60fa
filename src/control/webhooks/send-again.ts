import { sql } from 'drizzle-orm';
import { recordAudit } from '../../journal/audit-log/record.ts';
import type { RequestContext } from '../../journal/request-context.ts';
import { AgosError } from '../../kernel/errors.ts';
import { newId } from '../../runtime/ids.ts';
import { EVENTS_CHANNEL } from '../events/rules.ts';
import { requireEndpoint } from './change-endpoints.ts';
import {
  type DeliveryRow,
  findDelivery,
  insertDeliveries,
  renewDelivery,
  renewFailed,
} from './deliveries.ts';
import type { EndpointRow } from './repository.ts';
import { TEST_EVENT } from './rules.ts';

type Context = RequestContext & { now: Date };

/** Sends an event to an endpoint that only says that it works; throws `conflict` while it is disabled. */
export async function sendTest(ctx: Context, input: { endpointId: string }): Promise<DeliveryRow> {
  const endpoint = await requireEnabled(ctx, input.endpointId);
  const { tenantId, id: endpointId } = endpoint;
  const id = newId();
  const about = { eventId: newId(), eventSeq: null, eventType: TEST_EVENT, eventAt: ctx.now };
  await insertDeliveries(ctx.tx, [{ tenantId, id, endpointId, ...about }]);
  await announce(ctx, 'webhook_endpoint.tested', endpoint, {});
  return (await findDelivery(ctx.tx, tenantId, id))!;
}

/** Sends one delivery again, whatever became of it; its `webhook-id` stays. Throws `conflict` where it cannot. */
export async function resendDelivery(ctx: Context, input: { id: string }): Promise<DeliveryRow> {
  const { tx, scope } = ctx;
  const delivery = await findDelivery(tx, scope.tenant, input.id);
  if (!delivery) throw new AgosError('not_found', 'There is no such delivery.');
  const endpoint = await requireEnabled(ctx, delivery.endpointId, 'gone');
  const renewed = await renewDelivery(tx, scope.tenant, delivery.id);
  await announce(ctx, 'webhook_delivery.resent', endpoint, { delivery_id: delivery.id });
  return renewed;
}

/** Sends every failed delivery again whose event happened since then; answers with their number. */
export async function resendFailed(
  ctx: Context,
  input: { endpointId: string; since: Date },
): Promise<number> {
  const endpoint = await requireEnabled(ctx, input.endpointId);
  const resent = await renewFailed(ctx.tx, endpoint, input.since);
  await announce(ctx, 'webhook_endpoint.failed_resent', endpoint, {
    since: input.since.toISOString(),
    deliveries: resent,
  });
  return resent;
}

async function requireEnabled(ctx: Context, id: string, known?: 'gone'): Promise<EndpointRow> {
  const endpoint = await requireEndpoint(ctx, id).catch((error: unknown) => {
    throw known ? new AgosError('conflict', 'The endpoint of this delivery was deleted.') : error;
  });
  if (endpoint.status === 'enabled') return endpoint;
  throw new AgosError('conflict', 'This endpoint is disabled: enable it first.', {
    disabled_reason: endpoint.disabledReason,
  });
}

/** Writes it down, and wakes the workers that listen for this tenant. */
async function announce(
  ctx: Context,
  action: string,
  endpoint: EndpointRow,
  details: Record<string, unknown>,
): Promise<void> {
  await recordAudit(ctx, { action, resourceType: 'webhook_endpoint', resourceId: endpoint.id, details });
  await ctx.tx.execute(sql`select pg_notify(${EVENTS_CHANNEL}, ${endpoint.tenantId}::text)`);
}
