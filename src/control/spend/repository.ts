import { and, eq, lt, sql } from 'drizzle-orm';
import type { Database, Tx } from '../../runtime/database/database.ts';
import { newId } from '../../runtime/ids.ts';
import { spendDays, spendEntries, spendMonths } from './tables.ts';

export type SpendEntryRow = typeof spendEntries.$inferSelect;
export type NewSpendEntry = Pick<
  SpendEntryRow,
  'tenantId' | 'key' | 'kind' | 'day' | 'reservedMicroUsd' | 'auditId' | 'leadId' | 'createdBy' | 'expiresAt'
> & { userId: string };

/** What a day has come to, reservations included. */
export type DaySpend = { tenantMicroUsd: number; globalMicroUsd: number };

/** What a day has come to, and for one user the month that it is in. */
export type Spent = DaySpend & { userMicroUsd: number };

/**
 * Adds a reservation and tells what day and month come to with it; null when this attempt has reserved before.
 * Reservations of all tenants take turns from the sum until each has committed, so that no two of them see
 * the same room.
 */
export async function addReservation(tx: Tx, entry: NewSpendEntry): Promise<Spent | null> {
  const added = await tx
    .insert(spendEntries)
    .values({ ...entry, id: newId() })
    .onConflictDoNothing({ target: [spendEntries.tenantId, spendEntries.key] })
    .returning({ id: spendEntries.id });
  if (added.length === 0) return null;
  const { tenantId: tenant, userId: user, day, reservedMicroUsd: microUsd } = entry;
  // Always in this order, so that no two attempts of one tenant wait for each other.
  await addToMonth(tx, { tenant, user, day, microUsd });
  await addToDay(tx, { tenant, day, microUsd });
  // Last of all: whoever holds it must not wait for what is one tenant's, such as a row that a settling has locked.
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('agos spend', 0))`);
  return readSpent(tx, { tenant, user, day });
}

/** What a day has come to for everybody, and its month for a user, in one round trip. */
export async function readSpent(tx: Tx, at: { tenant: string; user: string; day: string }): Promise<Spent> {
  const { rows } = await tx.execute<Record<'user' | 'tenant' | 'all', string>>(sql`select
    coalesce((select spent_micro_usd from spend_months where tenant_id = ${at.tenant}
      and user_id = ${at.user} and month = ${monthOf(at.day)}::date), 0) as user,
    coalesce((select spent_micro_usd from spend_days where tenant_id = ${at.tenant}
      and day = ${at.day}::date), 0) as tenant,
    agos_spent_by_all(${at.day}::date) as all`);
  const [row] = rows;
  return {
    userMicroUsd: Number(row?.user),
    tenantMicroUsd: Number(row?.tenant),
    globalMicroUsd: Number(row?.all),
  };
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
      user: spendEntries.userId,
      day: spendEntries.day,
      reserved: spendEntries.reservedMicroUsd,
      spent: spendEntries.spentMicroUsd,
    });
  if (!ended) return null;
  const microUsd = ended.spent ?? 0;
  const change = { tenant: end.tenant, day: ended.day, microUsd: microUsd - ended.reserved };
  if (ended.user !== null) await correctMonth(tx, { ...change, user: ended.user });
  await correctDay(tx, change);
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
    .onConflictDoUpdate({ target: [spendDays.tenantId, spendDays.day], set: moreOf(spendDays, microUsd) });
}

async function addToMonth(
  tx: Tx,
  { tenant, user, day, microUsd }: DayChange & { user: string },
): Promise<void> {
  await tx
    .insert(spendMonths)
    .values({ tenantId: tenant, userId: user, month: monthOf(day), spentMicroUsd: microUsd })
    .onConflictDoUpdate({
      target: [spendMonths.tenantId, spendMonths.userId, spendMonths.month],
      set: moreOf(spendMonths, microUsd),
    });
}

async function correctMonth(
  tx: Tx,
  { tenant, user, day, microUsd }: DayChange & { user: string },
): Promise<void> {
  await tx
    .update(spendMonths)
    .set(moreOf(spendMonths, microUsd))
    .where(
      and(
        eq(spendMonths.tenantId, tenant),
        eq(spendMonths.userId, user),
        eq(spendMonths.month, monthOf(day)),
      ),
    );
}

/** The difference between what was reserved and what it came to; the reservation has opened the day. */
async function correctDay(tx: Tx, { tenant, day, microUsd }: DayChange): Promise<void> {
  await tx
    .update(spendDays)
    .set(moreOf(spendDays, microUsd))
    .where(and(eq(spendDays.tenantId, tenant), eq(spendDays.day, day)));
}

const moreOf = (sums: typeof spendDays | typeof spendMonths, microUsd: number) => ({
  spentMicroUsd: sql`${sums.spentMicroUsd} + ${microUsd}`,
  updatedAt: sql`now()`,
});

/** First day of the month that a day is in. */
const monthOf = (day: string): string => `${day.slice(0, 7)}-01`;
