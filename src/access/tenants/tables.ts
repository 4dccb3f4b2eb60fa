import { sql } from 'drizzle-orm';
import { integer, pgPolicy, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { moment, runtimeRole, systemReadPolicy, timestamps } from '../../runtime/database/columns.ts';
import type { Plan, SubscriptionStatus, TenantStatus } from './rules.ts';

export const tenants = pgTable(
  'tenants',
  {
    id: uuid().primaryKey(),
    name: text().notNull(),
    status: text().$type<TenantStatus>().notNull().default('active'),
    plan: text().$type<Plan>().notNull().default('ignition'),
    subscriptionStatus: text().$type<SubscriptionStatus>().notNull().default('trialing'),
    /** Triages that each user may ask for in a month; null: what the plan says. */
    triageQuota: integer(),
    currency: text().notNull().default('USD'),
    version: integer().notNull().default(1),
    ...timestamps,
    deletedAt: moment(),
  },
  () => [
    pgPolicy('tenants_self', {
      to: runtimeRole,
      using: sql`id = (select agos_tenant())`,
      withCheck: sql`id = (select agos_tenant())`,
    }),
    systemReadPolicy('tenants'),
  ],
);
