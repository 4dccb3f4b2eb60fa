import { isNull } from 'drizzle-orm';
import { tenants } from '../../access/tenants/tables.ts';
import { systemScope } from '../../kernel/actor.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Database } from '../../runtime/database/database.ts';
import { openCreditPeriod } from './repository.ts';
import { PLAN_LIMITS, periodOf } from './rules.ts';

/**
 * Opens the month for every tenant with the credits of its plan. Repeating it changes nothing, and a tenant
 * that it never comes to opens its month itself, with its first request.
 */
export async function openMonthForAll(deps: {
  db: Database;
  clock: Clock;
}): Promise<{ month: string; tenants: number; opened: number }> {
  const { db } = deps;
  const { month } = periodOf(deps.clock.now());
  const all = await db.withSystem('tenants_of_a_month', (tx) =>
    tx.select({ id: tenants.id, plan: tenants.plan }).from(tenants).where(isNull(tenants.deletedAt)),
  );
  let opened = 0;
  for (const { id, plan } of all) {
    const granted = PLAN_LIMITS[plan].credits;
    const isNew = await db.withTenant(systemScope(id, id), (tx) =>
      openCreditPeriod(tx, { tenant: id, month, granted }),
    );
    if (isNew) opened += 1;
  }
  return { month, tenants: all.length, opened };
}
