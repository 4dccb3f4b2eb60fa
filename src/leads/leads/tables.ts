import { sql } from 'drizzle-orm';
import {
  bigint,
  foreignKey,
  index,
  integer,
  jsonb,
  numeric,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import { members } from '../../access/members/tables.ts';
import { tenants } from '../../access/tenants/tables.ts';
import type { HoldCode } from '../../kernel/holds.ts';
import type { Room } from '../../kernel/rooms.ts';
import { leadPolicy, moment, tenantKey, timestamps, withLeadPolicy } from '../../runtime/database/columns.ts';
import type { Awaiting, LeadStatus } from './rules.ts';

/** A business in the funnel. */
export const leads = pgTable(
  'leads',
  {
    ...tenantKey,
    url: text().notNull(),
    /** Canonical host (and path on shared hosts): unique among the tenant's live leads. */
    domain: text().notNull(),
    companyName: text(),
    industry: text(),
    notes: text(),
    metadata: jsonb().$type<Record<string, string>>().notNull().default({}),
    source: text().$type<'manual' | 'api' | 'import'>().notNull(),
    batchId: uuid(),
    status: text().$type<LeadStatus>().notNull().default('new'),
    statusChangedAt: moment().notNull().defaultNow(),
    currentRoom: text().$type<Room>(),
    score: numeric({ precision: 5, scale: 2, mode: 'number' }),
    reasons: jsonb().$type<string[]>().notNull().default([]),
    holdCode: text().$type<HoldCode>(),
    holdMessage: text(),
    holdSince: moment(),
    awaiting: jsonb().$type<Awaiting>(),
    latestAuditId: uuid(),
    /** The run that may write this lead's status; an older one is refused. */
    currentRunId: uuid(),
    /** Where the lead goes back to when its run cannot finish. */
    statusBeforeRun: text().$type<LeadStatus>(),
    createdBy: uuid().notNull(),
    assignedTo: uuid(),
    version: integer().notNull().default(1),
    ...timestamps,
    deletedAt: moment(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    uniqueIndex('leads_live_domain').on(t.tenantId, t.domain).where(sql`deleted_at is null`),
    index('leads_status').on(t.tenantId, t.status),
    index('leads_created_at').on(t.tenantId, t.createdAt, t.id),
    index('leads_score').on(t.tenantId, t.score).where(sql`score is not null`),
    index('leads_batch').on(t.tenantId, t.batchId),
    index('leads_held').on(t.tenantId, t.holdSince).where(sql`hold_code is not null`),
    index('leads_in_flight').on(t.tenantId, t.currentRunId).where(sql`current_run_id is not null`),
    foreignKey({ columns: [t.tenantId], foreignColumns: [tenants.id] }),
    foreignKey({ columns: [t.tenantId, t.assignedTo], foreignColumns: [members.tenantId, members.id] }),
    leadPolicy('leads'),
  ],
);

/** One stay of a lead in a status that it has left; a trigger writes it, and no row of it ever changes. */
export const leadStays = pgTable(
  'lead_stays',
  {
    ...tenantKey,
    leadId: uuid().notNull(),
    status: text().$type<LeadStatus>().notNull(),
    movedTo: text().$type<LeadStatus>().notNull(),
    leftAt: moment().notNull(),
    stayedMs: bigint({ mode: 'number' }).notNull(),
    /** Who made the lead. */
    createdBy: uuid().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index('lead_stays_left_at').on(t.tenantId, t.leftAt),
    index('lead_stays_lead').on(t.tenantId, t.leadId),
    foreignKey({ columns: [t.tenantId], foreignColumns: [tenants.id] }),
    foreignKey({ columns: [t.tenantId, t.leadId], foreignColumns: [leads.tenantId, leads.id] }),
    withLeadPolicy('lead_stays'),
  ],
);
