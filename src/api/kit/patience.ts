import type { Database, Terms } from '../../runtime/database/database.ts';

/** A request gives up before its client does. */
export const PATIENCE: Terms = { lockMs: 5_000, statementMs: 15_000 };

/** The same for what is read by one statement. */
export const READS_ONCE: Terms = { ...PATIENCE, readsOnce: true };

/** The same database for handlers: what they open themselves waits no longer than what the kit opens. */
export function patient(db: Database): Database {
  return { ...db, withTenant: (scope, fn, terms = PATIENCE) => db.withTenant(scope, fn, terms) };
}
