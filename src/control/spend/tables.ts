import { sql } from 'drizzle-orm';
import {
  bigint,
  date,
  foreignKey,
  index,
  pgTable,
  primaryKey,
  text,
  unique,
  uuid,
} from 'drizzle-orm/pg-core';
import { tenants } from '../../access/tenants/tables.ts';
import { leads } from '../../leads/leads/tables.ts';
import {
  moment,
  systemReadPolicy,
  tenantKey,
  tenantPolicy,
  timestamps,
  withLeadPolicy,
} from '../../runtime/database/columns.ts';

/** One attempt at something that costs money: reserved before it, settled with what it came to, or released. */
export const spendEntries = pgTable(
  'spend_entries',
  {
    ...tenantKey,
    /** Names the attempt; the same attempt never reserves twice. */
    key: text().notNull(),
    kind: text().$type<'scan' | 'model_call'>().notNull(),
    /** UTC day on which it counts, that of its reservation. */
    day: date({ mode: 'string' }).notNull(),
    state: text().$type<'reserved' | 'settled' | 'released'>().notNull().default('reserved'),
    reservedMicroUsd: bigint({ mode: 'number' }).notNull(),
    /** Null until it is settled or released. */
    spentMicroUsd: bigint({ mode: 'number' }),
    auditId: uuid(),
    leadId: uuid(),
    createdBy: uuid().notNull(),
    /** Whose month it counts in; null on entries that are older than such months. */
    userId: uuid(),
    createdAt: moment().notNull().defaultNow(),
    /** When nobody can be working on it any more: the sweep settles what is left then. */
    expiresAt: moment().notNull(),
    endedAt: moment(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    unique('spend_entries_key').on(t.tenantId, t.key),
    index('spend_entries_reserved').on(t.expiresAt).where(sql`state = 'reserved'`),
    index('spend_entries_day').on(t.tenantId, t.day),
    index('spend_entries_audit').on(t.tenantId, t.auditId),
    index('spend_entries_ended').on(t.endedAt),
    foreignKey({ columns: [t.tenantId], foreignColumns: [tenants.id] }),
    foreignKey({ columns: [t.tenantId, t.leadId], foreignColumns: [leads.tenantId, leads.id] }),
    withLeadPolicy('spend_entries'),
    systemReadPolicy('spend_entries'),
  ],
);

/** A user's spend of one calendar month, reservations included: the user is a member, or a key that no member is behind. */
export const spendMonths = pgTable(
  'spend_months',
  {
    tenantId: uuid().notNull(),
    userId: uuid().notNull(),
    /** First day of the month, UTC. */
    month: date({ mode: 'string' }).notNull(),
    spentMicroUsd: bigint({ mode: 'number' }).notNull().default(0),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.userId, t.month] }),
    foreignKey({ columns: [t.tenantId], foreignColumns: [tenants.id] }),
    tenantPolicy('spend_months'),
  ],
);

/** A tenant's spend of one day, reservations included: the row that every reservation takes turns at. */
export const spendDays = pgTable(
  'spend_days',
  {
    tenantId: uuid().notNull(),
    day: date({ mode: 'string' }).notNull(),
    spentMicroUsd: bigint({ mode: 'number' }).notNull().default(0),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.day] }),
    index('spend_days_day').on(t.day),
    foreignKey({ columns: [t.tenantId], foreignColumns: [tenants.id] }),
    tenantPolicy('spend_days'),
  ],
);
