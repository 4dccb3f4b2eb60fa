import type { TenantScope } from '../../kernel/actor.ts';
import { AgosError } from '../../kernel/errors.ts';
import type { Database } from '../../runtime/database/database.ts';
import { together } from '../../runtime/together.ts';
import { type Taken, takeRequests } from './repository.ts';
import { type Rate, REQUEST_PARTS } from './rules.ts';

/** One request after it was counted; `used` of its tenant's bucket is null where nothing could be written. */
export type Counted = { granted: boolean; used: number | null };
type Asked = { scope: TenantScope; rate: Rate };

/** Past this, tenants that ask nothing just now are forgotten. */
const MANY_TENANTS = 1_000;

/**
 * Counts requests of tenants. A process has one statement of a tenant under way: a burst takes one connection
 * and no other tenant's, and every request of it is counted for itself.
 */
export function createRequestCounter(db: Database): (asked: Asked) => Promise<Counted> {
  const counters = new Map<string, { count: (asked: Asked) => Promise<Counted>; open: number }>();
  return async (asked) => {
    const id = asked.scope.tenant;
    const counter = counters.get(id) ?? {
      count: together<Asked, Counted>((all) => countAll(db, all)),
      open: 0,
    };
    counters.set(id, counter);
    counter.open += 1;
    try {
      return await counter.count(asked);
    } finally {
      counter.open -= 1;
      if (counters.size > MANY_TENANTS && counter.open === 0) counters.delete(id);
    }
  };
}

async function countAll(db: Database, all: readonly Asked[]): Promise<Counted[]> {
  // The last one read the tenant's plan last.
  const { scope, rate } = all.at(-1)!;
  try {
    const taken = await takeRequests(db, scope, { ...rate, wanted: all.length });
    return all.map((_, index) => resultOf(taken, index));
  } catch (error) {
    // Reading goes on where nothing can be written, and what writes is refused anyway.
    if (!(error instanceof AgosError) || error.code !== 'database_read_only') throw error;
    return all.map(() => ({ granted: true, used: null }));
  }
}

function resultOf({ granted, used }: Taken, index: number): Counted {
  if (index >= granted) return { granted: false, used };
  return { granted: true, used: used - (granted - 1 - index) * REQUEST_PARTS };
}
