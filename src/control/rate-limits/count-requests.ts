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
  const count = together((all: readonly Asked[]) => countAll(db, all));
  return async (asked) => (await count(asked))();
}

/** The outcome of each, which throws where the request could not be counted. */
type Outcome = () => Counted;

async function countAll(db: Database, all: readonly Asked[]): Promise<Outcome[]> {
  const byTenant = Map.groupBy(all, ({ tenant }) => tenant);
  // The last one of a tenant read its plan last.
  const wanted = [...byTenant.values()].map((asked) => ({ ...asked.at(-1)!, wanted: asked.length }));
  try {
    const taken = await takeRequests(db, wanted);
    return outcomesOf(all, taken);
  } catch (error) {
    // Reading goes on where nothing can be written, and what writes is refused anyway.
    if (error instanceof AgosError && error.code === 'database_read_only') {
      return all.map(() => () => ({ granted: true, used: null }));
    }
    if (error instanceof AgosError || byTenant.size === 1) return all.map(() => () => rethrow(error));
    return eachTenantAlone(db, all, byTenant);
  }
}

/** What fails for one tenant fails for no other. */
async function eachTenantAlone(
  db: Database,
  all: readonly Asked[],
  byTenant: ReadonlyMap<string, Asked[]>,
): Promise<Outcome[]> {
  const counted = [...byTenant].map(async ([tenant, asked]) => [tenant, await countAll(db, asked)] as const);
  const outcomes = new Map(await Promise.all(counted));
  return all.map(({ tenant }) => outcomes.get(tenant)!.shift()!);
}

/** Whoever came first is let through first. */
function outcomesOf(all: readonly Asked[], taken: ReadonlyMap<string, Taken>): Outcome[] {
  const before = new Map<string, number>();
  return all.map(({ tenant }) => {
    const found = taken.get(tenant);
    if (!found) return () => rethrow(new Error(`the requests of tenant ${tenant} could not be counted`));
    const { granted, used } = found;
    const index = before.get(tenant) ?? 0;
    before.set(tenant, index + 1);
    if (index >= granted) return () => ({ granted: false, used });
    return () => ({ granted: true, used: used - (granted - 1 - index) * REQUEST_PARTS });
  });
}

function rethrow(error: unknown): never {
  throw error;
}
