import { AgosError } from '../../kernel/errors.ts';
import type { Database } from '../../runtime/database/database.ts';
import { together } from '../../runtime/together.ts';
import { type Taken, takeRequests } from './repository.ts';
import { type Rate, REQUEST_PARTS } from './rules.ts';

/** One request after it was counted; `used` of its tenant's bucket is null where nothing could be written. */
export type Counted = { granted: boolean; used: number | null };
type Asked = { tenant: string; rate: Rate };

/**
 * Counts requests of tenants. A process has one statement under way, and whoever comes meanwhile is counted by
 * the next one, whichever tenant's it is: a burst takes one connection, and every request is counted for itself.
 */
export function createRequestCounter(db: Database): (asked: Asked) => Promise<Counted> {
  return together((all: readonly Asked[]) => countAll(db, all));
}

async function countAll(db: Database, all: readonly Asked[]): Promise<Counted[]> {
  const byTenant = Map.groupBy(all, ({ tenant }) => tenant);
  // The last one of a tenant read its plan last.
  const wanted = [...byTenant.values()].map((asked) => ({ ...asked.at(-1)!, wanted: asked.length }));
  try {
    const taken = await takeRequests(db, wanted);
    return resultsOf(all, taken);
  } catch (error) {
    // Reading goes on where nothing can be written, and what writes is refused anyway.
    if (!(error instanceof AgosError) || error.code !== 'database_read_only') throw error;
    return all.map(() => ({ granted: true, used: null }));
  }
}

/** Whoever came first is let through first. */
function resultsOf(all: readonly Asked[], taken: ReadonlyMap<string, Taken>): Counted[] {
  const before = new Map<string, number>();
  return all.map(({ tenant }) => {
    const { granted, used } = taken.get(tenant)!;
    const index = before.get(tenant) ?? 0;
    before.set(tenant, index + 1);
    if (index >= granted) return { granted: false, used };
    return { granted: true, used: used - (granted - 1 - index) * REQUEST_PARTS };
  });
}
