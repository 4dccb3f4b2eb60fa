import { sql } from 'drizzle-orm';
import type { Tx } from '../../runtime/database/database.ts';

/** With so many leads the server has statistics by which it finds the index of their key. */
const KNOWN_LEADS = 1_000;

/**
 * Lets the checks of foreign keys keep their plans for the rest of a transaction, as soon as that is safe. A plan
 * is kept by its session: one that was made while the server took the table for empty reads all of a tenant's
 * leads for each line, which made a first import quadratic until statistics existed. To be called after whatever
 * looks for many values at once, since a kept plan compares those one by one.
 */
export async function keepPlansOfChecks(tx: Tx): Promise<void> {
  await tx.execute(sql`select set_config('plan_cache_mode',
    case when reltuples < ${KNOWN_LEADS} then 'force_custom_plan' else 'auto' end, true)
    from pg_class where oid = 'leads'::regclass`);
}
