import type { TenantScope } from '../../kernel/actor.ts';
import type { Database } from '../../runtime/database/database.ts';
import type { Rate } from './rules.ts';

/** How many of the wanted requests the bucket had room for, and what was in it afterwards. */
export type Taken = { granted: number; used: number };

/**
 * Counts requests against the tenant's bucket, in one round trip: the row is held for as long as the server
 * works on the statement, and by the server's clock, so that every process counts the same.
 */
export async function takeRequests(
  db: Database,
  scope: TenantScope,
  { perMinute, burst, wanted }: Rate & { wanted: number },
): Promise<Taken> {
  const [row] = await db.oneTrip<{ granted: number; used: string }>(
    scope,
    `select granted, used from agos_count_requests(${perMinute}, ${burst}, ${wanted})`,
  );
  return { granted: row!.granted, used: Number(row!.used) };
}
