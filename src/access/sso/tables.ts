import { sql } from 'drizzle-orm';
import {
  boolean,
  foreignKey,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import type { Role } from '../../kernel/actor.ts';
import {
  moment,
  systemReadPolicy,
  tenantKey,
  tenantPolicy,
  timestamps,
} from '../../runtime/database/columns.ts';
import { tenants } from '../tenants/tables.ts';
import type { MappingRule } from './rules.ts';

/** An identity provider that a tenant trusts for itself, and the roles that its claims give there. */
export const ssoConnections = pgTable(
  'sso_connections',
  {
    ...tenantKey,
    name: text().notNull(),
    /** `iss` of its tokens, compared letter by letter; never changed, since people are named by it. */
    issuer: text().notNull(),
    audience: text().notNull(),
    enabled: boolean().notNull(),
    rules: jsonb().$type<MappingRule[]>().notNull(),
    /** Null refuses whom no rule matches. */
    defaultRole: text().$type<Role>(),
    mayGrantOwner: boolean().notNull(),
    createdBy: uuid().notNull(),
    version: integer().notNull().default(1),
    ...timestamps,
    removedAt: moment(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    uniqueIndex('sso_connections_issuer').on(t.tenantId, t.issuer).where(sql`removed_at is null`),
    foreignKey({ columns: [t.tenantId], foreignColumns: [tenants.id] }),
    tenantPolicy('sso_connections'),
    systemReadPolicy('sso_connections'),
  ],
);
