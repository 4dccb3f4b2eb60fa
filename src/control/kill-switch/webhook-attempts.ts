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
export type SentWebhook = Pick<
  typeof webhookAttempts.$inferSelect,
  Exclude<keyof typeof FIELDS, 'endpointId' | 'eventType'>
> &
  Pick<typeof webhookDeliveries.$inferSelect, 'endpointId' | 'eventType'>;

/** A request takes 20 seconds at most; what has no end after so long was lost with its worker. */
const SURELY_OVER_MS = 300_000;

/** Requests that were on their way when the switch was turned on, or began in that moment; oldest first. */
export async function findWebhooksDuring(
  tx: Tx,
  { tenant, from, until }: StoppedTime,
): Promise<SentWebhook[]> {
  const unfinished = and(
    isNull(webhookAttempts.endedAt),
    isNull(webhookAttempts.error),
    isNull(webhookAttempts.statusCode),
    gt(webhookAttempts.startedAt, new Date(from.getTime() - SURELY_OVER_MS)),
  );
  return attempts(tx)
    .where(
      and(
        ofTenant(tenant),
        or(unfinished, gt(webhookAttempts.endedAt, from)),
        until ? lt(webhookAttempts.startedAt, until) : undefined,
      ),
    )
    .orderBy(asc(webhookAttempts.startedAt));
}

/** Requests that had ended between a moment and the switch: newest first, and how many. */
export async function findWebhooksBefore(
  tx: Tx,
  { tenant, since, from }: { tenant: string | null; since: Date; from: Date },
): Promise<{ count: number; latest: SentWebhook[] }> {
  const where = and(ofTenant(tenant), gt(webhookAttempts.endedAt, since), lte(webhookAttempts.endedAt, from));
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
