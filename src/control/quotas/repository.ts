import { and, eq, lt, sql } from 'drizzle-orm';
import type { Tx } from '../../runtime/database/database.ts';
import { creditPeriods, quotaUsage } from './tables.ts';

export type CreditPeriod = Pick<typeof creditPeriods.$inferSelect, 'granted' | 'used'>;

/**
 * The user that a principal stands for: a member, or for a key whoever made it, so that another key is not
 * another quota. A key that the administrator made stands for itself.
 */
export async function findUser(tx: Tx, tenant: string, principal: string): Promise<string> {
  const {
    rows: [row],
  } = await tx.execute<{ id: string }>(sql`
    with recursive makers(id, depth) as (
      select ${principal}::uuid, 0
      union all
      select k.created_by, m.depth + 1 from makers m join api_keys k
        on k.tenant_id = ${tenant} and k.id = m.id and k.created_by <> k.id
    )
    select id from makers order by depth desc limit 1`);
  return row?.id ?? principal;
}

type Usage = { tenant: string; user: string; month: string };

/** Counts one triage of a user; false when the limit is reached. The row is held until the transaction ends. */
export async function takeFromQuota(tx: Tx, usage: Usage & { limit: number }): Promise<boolean> {
  if (usage.limit < 1) return false;
  const taken = await tx
    .insert(quotaUsage)
    .values({ tenantId: usage.tenant, userId: usage.user, kind: 'triage', month: usage.month, used: 1 })
    .onConflictDoUpdate({
      target: [quotaUsage.tenantId, quotaUsage.userId, quotaUsage.kind, quotaUsage.month],
      set: { used: sql`${quotaUsage.used} + 1`, updatedAt: sql`now()` },
      setWhere: lt(quotaUsage.used, usage.limit),
    })
    .returning({ used: quotaUsage.used });
  return taken.length > 0;
}

/** How many triages a user has asked for in a month. */
export async function readQuotaUsage(tx: Tx, { tenant, user, month }: Usage): Promise<number> {
  const [row] = await tx
    .select({ used: quotaUsage.used })
    .from(quotaUsage)
    .where(
      and(
        eq(quotaUsage.tenantId, tenant),
        eq(quotaUsage.userId, user),
        eq(quotaUsage.kind, 'triage'),
        eq(quotaUsage.month, month),
      ),
    );
  return row?.used ?? 0;
}

type MonthOf = { tenant: string; month: string };

/** Opens a tenant's month with the credits of its plan; one that is open stays as it is. */
export async function openCreditPeriod(tx: Tx, at: MonthOf & { granted: number }): Promise<boolean> {
  const opened = await tx
    .insert(creditPeriods)
    .values({ tenantId: at.tenant, month: at.month, granted: at.granted })
    .onConflictDoNothing()
    .returning({ month: creditPeriods.month });
  return opened.length > 0;
}

/** Takes one credit of an open month; false when none is left. The row is held until the transaction ends. */
export async function takeCredit(tx: Tx, at: MonthOf): Promise<boolean> {
  const taken = await tx
    .update(creditPeriods)
    .set({ used: sql`${creditPeriods.used} + 1`, updatedAt: sql`now()` })
    .where(and(ofMonth(at), lt(creditPeriods.used, creditPeriods.granted)))
    .returning({ used: creditPeriods.used });
  return taken.length > 0;
}

/** A tenant's month, or null when nothing has opened it yet. */
export async function readCreditPeriod(tx: Tx, at: MonthOf): Promise<CreditPeriod | null> {
  const [row] = await tx
    .select({ granted: creditPeriods.granted, used: creditPeriods.used })
    .from(creditPeriods)
    .where(ofMonth(at));
  return row ?? null;
}

const ofMonth = ({ tenant, month }: MonthOf) =>
  and(eq(creditPeriods.tenantId, tenant), eq(creditPeriods.month, month));
