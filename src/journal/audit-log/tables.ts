import { foreignKey, index, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { tenants } from '../../access/tenants/tables.ts';
import type { Actor } from '../../kernel/actor.ts';
import { moment, tenantKey, tenantPolicy } from '../../runtime/database/columns.ts';

/** Who did what, from where; the runtime role may add and read rows, never change or remove them. */
export const auditLog = pgTable(
  'audit_log',
  {
    ...tenantKey,
    at: moment().notNull().defaultNow(),
    actorKind: text().$type<Actor['kind'] | 'administrator' | 'operator'>().notNull(),
    actorId: uuid(),
    action: text().notNull(),
    resourceType: text().notNull(),
    resourceId: text(),
    details: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    requestId: text(),
    address: text(),
    userAgent: text(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index('audit_log_at').on(t.tenantId, t.at),
    foreignKey({ columns: [t.tenantId], foreignColumns: [tenants.id] }),
    tenantPolicy('audit_log'),
  ],
);
