import type { Database } from '../../runtime/database/database.ts';
import type { Rate } from './rules.ts';

export type Wanted = { tenant: string; rate: Rate; wanted: number };

/** How many of the wanted requests a tenant's bucket had room for, and what was in it afterwards. */
export type Taken = { granted: number; used: number };

/**
 * Counts requests against the buckets of their tenants, in one round trip: the rows are held for as long as the
 * server works on the statement, and by the server's clock, so that every process counts the same.
 */
export async function takeRequests(db: Database, all: readonly Wanted[]): Promise<Map<string, Taken>> {
  const rows = await db.oneTrip<{ tenant: string; granted: number; used: string }>(
    'select tenant, granted, used from agos_take_requests($1, $2, $3, $4)',
    [
      all.map(({ tenant }) => tenant),
      all.map(({ rate }) => rate.perMinute),
      all.map(({ rate }) => rate.burst),
      all.map(({ wanted }) => wanted),
    ],
  );
  return new Map(rows.map(({ tenant, granted, used }) => [tenant, { granted, used: Number(used) }]));
}
