import {
  foreignKey,
  index,
  integer,
  json,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uuid,
} from 'drizzle-orm/pg-core';
import { tenants } from '../../access/tenants/tables.ts';
import { moment, tenantPolicy } from '../../runtime/database/columns.ts';

/**
 * One row per Idempotency-Key of one principal, tenant and route, so that a key shows nobody another's
 * answer; committed with the change that the key protects.
 */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    tenantId: uuid().notNull(),
    route: text().notNull(),
    key: text().notNull(),
    principalId: uuid().notNull(),
    /** SHA-256 of method, path and body, hex. */
    requestHash: text().notNull(),
    status: integer().notNull(),
    headers: jsonb().$type<Record<string, string>>().notNull(),
    /** `json` and not `jsonb`: a repeated answer is the same to the byte, the order of its fields included. */
    body: json().$type<unknown>(),
    createdAt: moment().notNull().defaultNow(),
    expiresAt: moment().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.route, t.principalId, t.key] }),
    index('idempotency_keys_expires_at').on(t.expiresAt),
    foreignKey({ columns: [t.tenantId], foreignColumns: [tenants.id] }),
    tenantPolicy('idempotency_keys'),
  ],
);
