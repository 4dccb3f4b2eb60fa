import type { Database, Patience } from '../../runtime/database/database.ts';

/** A request gives up before its client does. */
export const PATIENCE: Patience = { lockMs: 5_000, statementMs: 15_000 };

/** The same database for handlers: what they open themselves waits no longer than what the kit opens. */
export function patient(db: Database): Database {
  return {
    ...db,
    withTenant: (scope, fn, patience = PATIENCE) => db.withTenant(scope, fn, patience),
    readOnce: (scope, fn, patience = PATIENCE) => db.readOnce(scope, fn, patience),
  };
}
