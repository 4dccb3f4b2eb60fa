import { and, eq, lt, sql } from 'drizzle-orm';
import type { Database, Tx } from '../../runtime/database/database.ts';
import { newId } from '../../runtime/ids.ts';
import { spendDays, spendEntries } from './tables.ts';

export type SpendEntryRow = typeof spendEntries.$inferSelect;
export type NewSpendEntry = Pick<
  SpendEntryRow,
  'tenantId' | 'key' | 'kind' | 'day' | 'reservedMicroUsd' | 'auditId' | 'leadId' | 'createdBy' | 'expiresAt'
>;

/** What a day has come to, reservations included. */
export type DaySpend = { tenantMicroUsd: number; globalMicroUsd: number };

/**
 * Adds a reservation and tells what the day comes to with it; null when this attempt has reserved before.
 * Reservations of all tenants take turns from the sum until each has committed, so that no two of them see
 * the same room.
 */
export async function addReservation(tx: Tx, entry: NewSpendEntry): Promise<DaySpend | null> {
  const added = await tx
    .insert(spendEntries)
    .values({ ...entry, id: newId() })
    .onConflictDoNothing({ target: [spendEntries.tenantId, spendEntries.key] })
    .returning({ id: spendEntries.id });
  if (added.length === 0) return null;
  await addToDay(tx, { tenant: entry.tenantId, day: entry.day, microUsd: entry.reservedMicroUsd });
  // Last of all: whoever holds it must not wait for what is one tenant's, such as a row that a settling has locked.
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('agos spend', 0))`);
  return readDaySpend(tx, { tenant: entry.tenantId, day: entry.day });
}

/** What a day has come to: for the tenant, and for all of them by a function that tells the sum and nothing else. */
export async function readDaySpend(tx: Tx, at: { tenant: string; day: string }): Promise<DaySpend> {
  const [own] = await tx
    .select({ spent: spendDays.spentMicroUsd })
    .from(spendDays)
    .where(and(eq(spendDays.tenantId, at.tenant), eq(spendDays.day, at.day)));
  const all = await tx.execute<{ spent: string }>(sql`select agos_spent_by_all(${at.day}::date) as spent`);
  return { tenantMicroUsd: own?.spent ?? 0, globalMicroUsd: Number(all.rows[0]?.spent ?? 0) };
}

/** What all tenants together have spent on a day, in micro-dollars, reservations included. */
export async function readSpendOfAll(db: Database, day: string): Promise<number> {
  const all = await db.withSystem('spend_of_all', (tx) =>
    tx.execute<{ spent: string }>(sql`select agos_spent_by_all(${day}::date) as spent`),
  );
  return Number(all.rows[0]?.spent ?? 0);
}

/** Ends a reservation and tells what it came to; null when it has ended before. Released means that nothing is owed. */
export async function endReservation(
  tx: Tx,
  end: {
    tenant: string;
    key: string;
    state: 'settled' | 'released';
    microUsd: number | 'reserved';
    now: Date;
  },
): Promise<number | null> {
  const spent = end.microUsd === 'reserved' ? sql`${spendEntries.reservedMicroUsd}` : end.microUsd;
  const [ended] = await tx
    .update(spendEntries)
    .set({ state: end.state, spentMicroUsd: spent, endedAt: end.now })
    .where(
      and(
        eq(spendEntries.tenantId, end.tenant),
        eq(spendEntries.key, end.key),
        eq(spendEntries.state, 'reserved'),
      ),
    )
    .returning({
      day: spendEntries.day,
      reserved: spendEntries.reservedMicroUsd,
      spent: spendEntries.spentMicroUsd,
    });
  if (!ended) return null;
  const microUsd = ended.spent ?? 0;
  await correctDay(tx, { tenant: end.tenant, day: ended.day, microUsd: microUsd - ended.reserved });
  return microUsd;
}

/** What a tenant's work of one month has come to, and how many triages that was. */
export async function readSpendOf(
  tx: Tx,
  { tenant, month }: { tenant: string; month: string },
): Promise<{ scanMicroUsd: number; modelMicroUsd: number; triages: number }> {
  const spentOn = (kind: SpendEntryRow['kind']) =>
    sql<string>`coalesce(sum(${spendEntries.spentMicroUsd}) filter (where ${spendEntries.kind} = ${kind}), 0)`;
  const [row] = await tx
    .select({
      scan: spentOn('scan'),
      model: spentOn('model_call'),
      triages: sql<number>`count(distinct ${spendEntries.auditId})::int`,
    })
    .from(spendEntries)
    .where(
      and(
        eq(spendEntries.tenantId, tenant),
        eq(spendEntries.state, 'settled'),
        sql`${spendEntries.day} >= ${month}::date`,
        sql`${spendEntries.day} < ${month}::date + interval '1 month'`,
      ),
    );
  return {
    scanMicroUsd: Number(row?.scan ?? 0),
    modelMicroUsd: Number(row?.model ?? 0),
    triages: row?.triages ?? 0,
  };
}

/** Reservations of every tenant that nobody can be working on any more, oldest first. */
export async function findStaleReservations(
  db: Database,
  where: { before: Date; limit: number },
): Promise<SpendEntryRow[]> {
  return db.withSystem('stale_reservations', (tx) =>
    tx
      .select()
      .from(spendEntries)
      .where(and(eq(spendEntries.state, 'reserved'), lt(spendEntries.expiresAt, where.before)))
      .orderBy(spendEntries.expiresAt)
      .limit(where.limit),
  );
}

type DayChange = { tenant: string; day: string; microUsd: number };

async function addToDay(tx: Tx, { tenant, day, microUsd }: DayChange): Promise<void> {
  await tx
    .insert(spendDays)
    .values({ tenantId: tenant, day, spentMicroUsd: microUsd })
    .onConflictDoUpdate({ target: [spendDays.tenantId, spendDays.day], set: more(microUsd) });
}

/** The difference between what was reserved and what it came to; the reservation has opened the day. */
async function correctDay(tx: Tx, { tenant, day, microUsd }: DayChange): Promise<void> {
  await tx
    .update(spendDays)
    .set(more(microUsd))
    .where(and(eq(spendDays.tenantId, tenant), eq(spendDays.day, day)));
}

const more = (microUsd: number) => ({
  spentMicroUsd: sql`${spendDays.spentMicroUsd} + ${microUsd}`,
  updatedAt: sql`now()`,
});
