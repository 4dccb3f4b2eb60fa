import { bigint, foreignKey, pgTable, primaryKey, uuid } from 'drizzle-orm/pg-core';
import { tenants } from '../../access/tenants/tables.ts';
import { moment, tenantPolicy } from '../../runtime/database/columns.ts';

/** How many requests of a tenant count right now. Unlogged: a crash of the server forgives what was asked before. */
export const requestBuckets = pgTable(
  'request_buckets',
  {
    tenantId: uuid().notNull(),
    /** In 60,000ths of a request (`rules.ts`). */
    used: bigint({ mode: 'number' }).notNull(),
    measuredAt: moment().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId] }),
    foreignKey({ columns: [t.tenantId], foreignColumns: [tenants.id] }),
    tenantPolicy('request_buckets'),
  ],
);
