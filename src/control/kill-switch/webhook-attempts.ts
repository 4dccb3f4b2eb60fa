import { and, asc, count, desc, eq, gt, isNull, lt, lte, or, type SQL } from 'drizzle-orm';
import type { Tx } from '../../runtime/database/database.ts';
import { webhookAttempts, webhookDeliveries } from '../webhooks/tables.ts';
import { MOST_LISTED, type StoppedTime } from './run-steps.ts';

const FIELDS = {
  deliveryId: webhookAttempts.deliveryId,
  endpointId: webhookDeliveries.endpointId,
  eventType: webhookDeliveries.eventType,
  startedAt: webhookAttempts.startedAt,
  endedAt: webhookAttempts.endedAt,
  statusCode: webhookAttempts.statusCode,
  error: webhookAttempts.error,
};

/** One request to a receiver of webhooks. */
export type WebhookAttempt = Pick<
  typeof webhookAttempts.$inferSelect,
  Exclude<keyof typeof FIELDS, 'endpointId' | 'eventType'>
> &
  Pick<typeof webhookDeliveries.$inferSelect, 'endpointId' | 'eventType'>;

/** A request takes 20 seconds at most: what began so long before a moment is on its way no more. */
const SURELY_OVER_MS = 120_000;

/** Requests that were on their way when the switch was turned on, or began in that moment; oldest first. */
export async function findWebhooksDuring(
  tx: Tx,
  { tenant, from, until }: StoppedTime,
): Promise<WebhookAttempt[]> {
  return attempts(tx)
    .where(
      and(
        ofTenant(tenant),
        gt(webhookAttempts.startedAt, longBefore(from)),
        until ? lt(webhookAttempts.startedAt, until) : undefined,
        or(isNull(webhookAttempts.endedAt), gt(webhookAttempts.endedAt, from)),
      ),
    )
    .orderBy(asc(webhookAttempts.startedAt));
}

/** Requests that had ended between a moment and the switch: newest first, and how many. */
export async function findWebhooksBefore(
  tx: Tx,
  { tenant, since, from }: { tenant: string | null; since: Date; from: Date },
): Promise<{ count: number; latest: WebhookAttempt[] }> {
  const where = and(
    ofTenant(tenant),
    gt(webhookAttempts.startedAt, longBefore(since)),
    lt(webhookAttempts.startedAt, from),
    gt(webhookAttempts.endedAt, since),
    lte(webhookAttempts.endedAt, from),
  );
  const [row] = await tx.select({ n: count() }).from(webhookAttempts).where(where);
  const latest = await attempts(tx).where(where).orderBy(desc(webhookAttempts.endedAt)).limit(MOST_LISTED);
  return { count: row?.n ?? 0, latest };
}

function attempts(tx: Tx) {
  return tx
    .select(FIELDS)
    .from(webhookAttempts)
    .innerJoin(
      webhookDeliveries,
      and(
        eq(webhookDeliveries.tenantId, webhookAttempts.tenantId),
        eq(webhookDeliveries.id, webhookAttempts.deliveryId),
      ),
    );
}

function ofTenant(tenant: string | null): SQL | undefined {
  return tenant === null ? undefined : eq(webhookAttempts.tenantId, tenant);
}

const longBefore = (moment: Date): Date => new Date(moment.getTime() - SURELY_OVER_MS);
