import type { Database } from '../database/database.ts';
import { observeDatabase } from './observe-database.ts';
import type { Telemetry } from './telemetry.ts';
import { traceDatabase } from './trace-database.ts';

/** The same database, counted and traced where this process tells of itself. */
export function instrumentDatabase(db: Database, { registry, tracer }: Telemetry): Database {
  const observed = registry ? observeDatabase(db, registry) : db;
  return tracer ? traceDatabase(observed, tracer) : observed;
}
