import { sql } from 'drizzle-orm';
import { pgPolicy, pgRole, timestamp, uuid } from 'drizzle-orm/pg-core';

/** The role that API and workers run as: owns nothing, cannot bypass row-level security. */
export const runtimeRole = pgRole('agos_app').existing();
/** The role of the second door: reads the few tables that are named for a purpose. */
export const systemRole = pgRole('agos_system').existing();

export const moment = () => timestamp({ withTimezone: true, mode: 'date' });

/** Key columns of a tenant's row. */
export const tenantKey = { tenantId: uuid().notNull(), id: uuid().notNull() };

export const timestamps = {
  createdAt: moment().notNull().defaultNow(),
  updatedAt: moment().notNull().defaultNow(),
};

// Scalar sub-selects: the planner evaluates them once per statement, not once per row.
const ofTenant = sql`tenant_id = (select agos_tenant())`;

/** Every row of the tenant, and none of another. */
export const tenantPolicy = (table: string) =>
  pgPolicy(`${table}_tenant`, { to: runtimeRole, using: ofTenant, withCheck: ofTenant });

const visible = (condition: string) =>
  sql.raw(`tenant_id = (select agos_tenant()) and ((select agos_sees_all()) or ${condition})`);

/** Rows of the tenant that the actor made, or all where it sees all. */
export const ownPolicy = (table: string) =>
  pgPolicy(`${table}_own`, {
    to: runtimeRole,
    using: visible('created_by = (select agos_principal())'),
    withCheck: ofTenant,
  });

/** Leads that the actor made or that are assigned to it, or all where it sees all. */
export const leadPolicy = (table: string) =>
  pgPolicy(`${table}_visible`, {
    to: runtimeRole,
    using: visible('created_by = (select agos_principal()) or assigned_to = (select agos_principal())'),
    withCheck: ofTenant,
  });

/** Rows visible with their lead (whose own policy decides), else by who made them. */
export const withLeadPolicy = (table: string) =>
  pgPolicy(`${table}_with_lead`, {
    to: runtimeRole,
    using: visible(
      `created_by = (select agos_principal()) or exists (select 1 from leads l where l.tenant_id = ${table}.tenant_id and l.id = ${table}.lead_id)`,
    ),
    withCheck: ofTenant,
  });

/** The second door may read every row of this table. */
export const systemReadPolicy = (table: string) =>
  pgPolicy(`${table}_system_read`, { for: 'select', to: systemRole, using: sql`true` });

/** A global table that the runtime role may read and never write. */
export const globalReadPolicy = (table: string) =>
  pgPolicy(`${table}_global_read`, { for: 'select', to: runtimeRole, using: sql`true` });
