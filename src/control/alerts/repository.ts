import { and, eq, gt, isNotNull, isNull, max, sql } from 'drizzle-orm';
import type { Tx } from '../../runtime/database/database.ts';
import {
  keyset,
  type PageOf,
  type PageRequest,
  type SortColumns,
  toPage,
} from '../../runtime/database/keyset.ts';
import { newId } from '../../runtime/ids.ts';
import {
  type AlertChanges,
  type AlertKind,
  type AlertSeverity,
  type AlertStatus,
  alertKey,
  type Finding,
  type Known,
} from './rules.ts';
import { alerts } from './tables.ts';

export type AlertRow = typeof alerts.$inferSelect;

/** Longer than any period of which a person can have said that it is settled: a month. */
const SETTLED_FOR_MS = 32 * 86_400_000;

/** What a pass has to know of the tenant's alerts before it looks. */
export async function readKnown(tx: Tx, { tenant, now }: { tenant: string; now: Date }): Promise<Known> {
  const open = await tx
    .select()
    .from(alerts)
    .where(and(eq(alerts.tenantId, tenant), isNull(alerts.resolvedAt)));
  const settled = await tx
    .select({ kind: alerts.kind, subject: alerts.subject, at: max(alerts.resolvedAt) })
    .from(alerts)
    .where(
      and(
        eq(alerts.tenantId, tenant),
        eq(alerts.resolution, 'person'),
        gt(alerts.resolvedAt, new Date(now.getTime() - SETTLED_FOR_MS)),
      ),
    )
    .groupBy(alerts.kind, alerts.subject);
  return {
    open: new Map(open.map((row) => [alertKey(row), row])),
    settled: new Map(settled.map((row) => [alertKey(row), row.at ?? now])),
  };
}

/** Raises an alert; null when one of the same cause is open already. */
export async function insertAlert(
  tx: Tx,
  alert: { tenant: string; finding: Finding; now: Date },
): Promise<AlertRow | null> {
  const { kind, subject, severity, summary, fresh, seenAt } = alert.finding;
  const [row] = await tx
    .insert(alerts)
    .values({
      tenantId: alert.tenant,
      id: newId(),
      kind,
      subject,
      severity,
      summary,
      count: fresh,
      firstSeenAt: alert.now,
      lastSeenAt: seenAt,
    })
    .onConflictDoNothing({
      target: [alerts.tenantId, alerts.kind, alerts.subject],
      where: sql`resolved_at is null`,
    })
    .returning();
  return row ?? null;
}

/** Notes that the cause of an open alert has come up again. */
export async function noteSeen(
  tx: Tx,
  tenant: string,
  { id, summary, count, lastSeenAt }: AlertChanges['update'][number],
): Promise<void> {
  await tx
    .update(alerts)
    .set({ summary, count, lastSeenAt })
    .where(and(byId(tenant, id), isNull(alerts.resolvedAt)));
}

/** Ends an open alert whose cause is gone; null when somebody was first. */
export async function endAlert(
  tx: Tx,
  { tenant, id, now }: { tenant: string; id: string; now: Date },
): Promise<AlertRow | null> {
  const [row] = await tx
    .update(alerts)
    .set({ status: 'resolved', resolution: 'cause_gone', resolvedAt: now })
    .where(and(byId(tenant, id), isNull(alerts.resolvedAt)))
    .returning();
  return row ?? null;
}

/** An alert, locked until the transaction ends, or null. */
export async function lockAlert(tx: Tx, tenant: string, id: string): Promise<AlertRow | null> {
  const [row] = await tx.select().from(alerts).where(byId(tenant, id)).for('update');
  return row ?? null;
}

/** Notes what a person did with a locked alert. */
export async function writeMove(
  tx: Tx,
  alert: AlertRow,
  move: { to: 'acknowledged' | 'resolved'; by: string; note: string | null; now: Date },
): Promise<AlertRow> {
  const { to, by, note, now } = move;
  const [row] = await tx
    .update(alerts)
    .set(
      to === 'acknowledged'
        ? { status: to, acknowledgedAt: now, acknowledgedBy: by, acknowledgedNote: note }
        : { status: to, resolution: 'person', resolvedAt: now, resolvedBy: by, resolvedNote: note },
    )
    .where(byId(alert.tenantId, alert.id))
    .returning();
  return row!;
}

/** An alert of the tenant, or null. */
export async function findAlert(tx: Tx, tenant: string, id: string): Promise<AlertRow | null> {
  const [row] = await tx.select().from(alerts).where(byId(tenant, id));
  return row ?? null;
}

export type AlertFilter = {
  status?: AlertStatus | undefined;
  open?: boolean | undefined;
  kind?: AlertKind | undefined;
  severity?: AlertSeverity | undefined;
};

const SORTS: SortColumns<'raised_at'> = { raised_at: { by: alerts.id, type: 'uuid' } };

/** One page of the tenant's alerts, ended ones included. */
export async function listAlerts(
  tx: Tx,
  tenant: string,
  filter: AlertFilter,
  page: PageRequest<'raised_at'>,
): Promise<PageOf<AlertRow>> {
  const { key, after, orderBy, limit } = keyset(page, SORTS, alerts.id);
  const { open } = filter;
  const found = await tx
    .select({ row: alerts, key })
    .from(alerts)
    .where(
      and(
        eq(alerts.tenantId, tenant),
        filter.status && eq(alerts.status, filter.status),
        filter.kind && eq(alerts.kind, filter.kind),
        filter.severity && eq(alerts.severity, filter.severity),
        open === undefined ? undefined : open ? isNull(alerts.resolvedAt) : isNotNull(alerts.resolvedAt),
        after,
      ),
    )
    .orderBy(...orderBy)
    .limit(limit);
  return toPage(found, page);
}

const byId = (tenant: string, id: string) => and(eq(alerts.tenantId, tenant), eq(alerts.id, id));
