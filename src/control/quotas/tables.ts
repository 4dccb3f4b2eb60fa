import { date, foreignKey, integer, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { tenants } from '../../access/tenants/tables.ts';
import { tenantPolicy, timestamps } from '../../runtime/database/columns.ts';

/** A tenant's credits of one month: how many it has and how many are used. */
export const creditPeriods = pgTable(
  'credit_periods',
  {
    tenantId: uuid().notNull(),
    /** First day of the calendar month, UTC. */
    month: date({ mode: 'string' }).notNull(),
    granted: integer().notNull(),
    used: integer().notNull().default(0),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.month] }),
    foreignKey({ columns: [t.tenantId], foreignColumns: [tenants.id] }),
    tenantPolicy('credit_periods'),
  ],
);

/** What one user has asked for in one month. */
export const quotaUsage = pgTable(
  'quota_usage',
  {
    tenantId: uuid().notNull(),
    /** A member, or a key that no member is behind. */
    userId: uuid().notNull(),
    kind: text().$type<'triage'>().notNull(),
    month: date({ mode: 'string' }).notNull(),
    used: integer().notNull(),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.userId, t.kind, t.month] }),
    foreignKey({ columns: [t.tenantId], foreignColumns: [tenants.id] }),
    tenantPolicy('quota_usage'),
  ],
);
