import { foreignKey, integer, pgTable, primaryKey, text, unique, uuid } from 'drizzle-orm/pg-core';
import type { Role } from '../../kernel/actor.ts';
import {
  moment,
  systemReadPolicy,
  tenantKey,
  tenantPolicy,
  timestamps,
} from '../../runtime/database/columns.ts';
import type { RoleSource } from '../sso/rules.ts';
import { tenants } from '../tenants/tables.ts';

/** A person in a tenant. A person is (issuer, subject): the e-mail address is only for display. */
export const members = pgTable(
  'members',
  {
    ...tenantKey,
    issuer: text().notNull(),
    subject: text().notNull(),
    email: text(),
    name: text(),
    role: text().$type<Role>().notNull(),
    /** `sso`: the role follows the claims of each token; `manual`: a person has set it, and it stays. */
    roleSource: text().$type<RoleSource>().notNull().default('manual'),
    createdBy: uuid().notNull(),
    version: integer().notNull().default(1),
    ...timestamps,
    removedAt: moment(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    unique('members_identity').on(t.tenantId, t.issuer, t.subject),
    foreignKey({ columns: [t.tenantId], foreignColumns: [tenants.id] }),
    tenantPolicy('members'),
    systemReadPolicy('members'),
  ],
);
