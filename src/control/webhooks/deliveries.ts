import { and, desc, eq, gte, isNull, lte, min, sql } from 'drizzle-orm';
import type { Tx } from '../../runtime/database/database.ts';
import {
  keyset,
  type PageOf,
  type PageRequest,
  type SortColumns,
  toPage,
} from '../../runtime/database/keyset.ts';
import { newId } from '../../runtime/ids.ts';
import type { DeliveryError, DeliveryStatus } from './rules.ts';
import { webhookAttempts, webhookDeliveries } from './tables.ts';

export type DeliveryRow = typeof webhookDeliveries.$inferSelect;
export type NewDelivery = typeof webhookDeliveries.$inferInsert;
export type AttemptRow = typeof webhookAttempts.$inferSelect;
export type DeliveryFilter = {
  endpointId?: string | undefined;
  status?: DeliveryStatus | undefined;
  eventType?: string | undefined;
};

const ofEndpoint = (tenant: string, endpointId: string) =>
  and(eq(webhookDeliveries.tenantId, tenant), eq(webhookDeliveries.endpointId, endpointId));
const byId = (tenant: string, id: string) =>
  and(eq(webhookDeliveries.tenantId, tenant), eq(webhookDeliveries.id, id));
const pending = eq(webhookDeliveries.status, 'pending');

/** Adds deliveries; one that the endpoint has of the same event stays as it is. */
export async function insertDeliveries(tx: Tx, rows: NewDelivery[]): Promise<void> {
  if (rows.length > 0) await tx.insert(webhookDeliveries).values(rows).onConflictDoNothing();
}

/** One delivery, or null. */
export async function findDelivery(tx: Tx, tenant: string, id: string): Promise<DeliveryRow | null> {
  const [row] = await tx.select().from(webhookDeliveries).where(byId(tenant, id));
  return row ?? null;
}

const SORTS: SortColumns<'created_at'> = { created_at: { by: webhookDeliveries.id, type: 'uuid' } };

/** One page of deliveries. */
export async function listDeliveries(
  tx: Tx,
  tenant: string,
  { endpointId, status, eventType }: DeliveryFilter,
  page: PageRequest<'created_at'>,
): Promise<PageOf<DeliveryRow>> {
  const { key, after, orderBy, limit } = keyset(page, SORTS, webhookDeliveries.id);
  const found = await tx
    .select({ row: webhookDeliveries, key })
    .from(webhookDeliveries)
    .where(
      and(
        eq(webhookDeliveries.tenantId, tenant),
        endpointId ? eq(webhookDeliveries.endpointId, endpointId) : undefined,
        status ? eq(webhookDeliveries.status, status) : undefined,
        eventType ? eq(webhookDeliveries.eventType, eventType) : undefined,
        after,
      ),
    )
    .orderBy(...orderBy)
    .limit(limit);
  return toPage(found, page);
}

/** The deliveries of an endpoint that are due, those that wait longest first. */
export async function findDue(tx: Tx, tenant: string, endpointId: string, limit: number): Promise<string[]> {
  const found = await tx
    .select({ id: webhookDeliveries.id })
    .from(webhookDeliveries)
    .where(
      and(
        ofEndpoint(tenant, endpointId),
        pending,
        lte(webhookDeliveries.nextAttemptAt, sql`clock_timestamp()`),
      ),
    )
    .orderBy(webhookDeliveries.nextAttemptAt)
    .limit(limit);
  return found.map(({ id }) => id);
}

/** When the endpoint's next delivery is due, in milliseconds from now; null when none is pending. */
export async function nextDueMs(tx: Tx, tenant: string, endpointId: string): Promise<number | null> {
  const next = min(webhookDeliveries.nextAttemptAt);
  const [row] = await tx
    .select({ ms: sql<string | null>`ceil(extract(epoch from ${next} - clock_timestamp()) * 1000)` })
    .from(webhookDeliveries)
    .where(and(ofEndpoint(tenant, endpointId), pending));
  return row?.ms == null ? null : Math.max(0, Number(row.ms));
}

/** How a delivery stands after an attempt. */
export type DeliveryNote = {
  status: DeliveryStatus;
  statusCode: number | null;
  error: DeliveryError | null;
  /** Until the next attempt, in milliseconds, where there is to be one. */
  pauseMs: number | null;
};

/** Writes down how a delivery stands; a failure changes nothing of one that has ended meanwhile. */
export async function noteDelivery(tx: Tx, tenant: string, id: string, note: DeliveryNote): Promise<void> {
  const delivered = note.status === 'delivered';
  await tx
    .update(webhookDeliveries)
    .set({
      status: note.status,
      statusCode: note.statusCode,
      error: note.error,
      tries: sql`${webhookDeliveries.tries} + 1`,
      ...(note.pauseMs !== null && { nextAttemptAt: msFromNow(note.pauseMs) }),
      ...(delivered && { deliveredAt: sql`clock_timestamp()` }),
    })
    .where(and(byId(tenant, id), delivered ? undefined : pending));
}

/** Gives up what an endpoint has pending. */
export async function failPending(
  tx: Tx,
  endpoint: { tenantId: string; id: string },
  error: DeliveryError,
): Promise<void> {
  await tx
    .update(webhookDeliveries)
    .set({ status: 'failed', error })
    .where(and(ofEndpoint(endpoint.tenantId, endpoint.id), pending));
}

const AGAIN = {
  status: 'pending' as const,
  tries: 0,
  error: null,
  nextAttemptAt: sql`clock_timestamp()`,
};

/** Makes a delivery due now, with all its attempts before it again. */
export async function renewDelivery(tx: Tx, tenant: string, id: string): Promise<DeliveryRow> {
  const [row] = await tx.update(webhookDeliveries).set(AGAIN).where(byId(tenant, id)).returning();
  return row!;
}

/** The same for every failed delivery of an endpoint whose event happened since; answers with their number. */
export async function renewFailed(
  tx: Tx,
  endpoint: { tenantId: string; id: string },
  since: Date,
): Promise<number> {
  const { rowCount } = await tx
    .update(webhookDeliveries)
    .set(AGAIN)
    .where(
      and(
        ofEndpoint(endpoint.tenantId, endpoint.id),
        eq(webhookDeliveries.status, 'failed'),
        gte(webhookDeliveries.eventAt, since),
      ),
    );
  return rowCount ?? 0;
}

/** Notes that a request goes out. */
export async function insertAttempt(tx: Tx, tenantId: string, deliveryId: string): Promise<string> {
  const id = newId();
  await tx.insert(webhookAttempts).values({ tenantId, id, deliveryId });
  return id;
}

/** Gives up on requests of a delivery whose worker never said how they went. */
export async function loseAttempts(tx: Tx, tenant: string, deliveryId: string): Promise<void> {
  await tx
    .update(webhookAttempts)
    .set({ error: 'lost' })
    .where(
      and(
        eq(webhookAttempts.tenantId, tenant),
        eq(webhookAttempts.deliveryId, deliveryId),
        isNull(webhookAttempts.endedAt),
      ),
    );
}

/** Notes how a request went. */
export async function endAttempt(
  tx: Tx,
  tenant: string,
  id: string,
  end: Pick<AttemptRow, 'durationMs' | 'statusCode' | 'error' | 'responseExcerpt'>,
): Promise<void> {
  await tx
    .update(webhookAttempts)
    .set(end)
    .where(and(eq(webhookAttempts.tenantId, tenant), eq(webhookAttempts.id, id)));
}

const ATTEMPTS_SHOWN = 100;

/** The latest attempts of a delivery, newest first. */
export async function listAttempts(tx: Tx, tenant: string, deliveryId: string): Promise<AttemptRow[]> {
  return tx
    .select()
    .from(webhookAttempts)
    .where(and(eq(webhookAttempts.tenantId, tenant), eq(webhookAttempts.deliveryId, deliveryId)))
    .orderBy(desc(webhookAttempts.id))
    .limit(ATTEMPTS_SHOWN);
}

const msFromNow = (ms: number) =>
  sql`clock_timestamp() + ${Math.round(ms)}::bigint * interval '1 millisecond'`;
