import { sql } from 'drizzle-orm';
import { foreignKey, index, integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { tenants } from '../../access/tenants/tables.ts';
import {
  moment,
  ownPolicy,
  systemReadPolicy,
  tenantKey,
  tenantPolicy,
  timestamps,
} from '../../runtime/database/columns.ts';
import { leads } from '../leads/tables.ts';
import type { BatchFormat, BatchPause, BatchStatus, ItemState, LineError, LineOutcome } from './rules.ts';

/** One import of leads. Counts are computed from its items, so they cannot drift. */
export const leadBatches = pgTable(
  'lead_batches',
  {
    ...tenantKey,
    name: text().notNull(),
    format: text().$type<BatchFormat>().notNull(),
    status: text().$type<BatchStatus>().notNull().default('pending'),
    fileAssetId: uuid().notNull(),
    options: jsonb().$type<{ triage: boolean; industry?: string }>().notNull(),
    runId: uuid(),
    failure: jsonb().$type<{ code: string; message: string }>(),
    /** Why no scans are asked for at the moment; the import goes on by itself once that is over. */
    paused: jsonb().$type<BatchPause>(),
    createdBy: uuid().notNull(),
    startedAt: moment(),
    completedAt: moment(),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index('lead_batches_created_at').on(t.tenantId, t.createdAt, t.id),
    foreignKey({ columns: [t.tenantId], foreignColumns: [tenants.id] }),
    ownPolicy('lead_batches'),
    systemReadPolicy('lead_batches'),
  ],
);

/** One line of an import: what was wrong with it, or which lead it became. */
export const batchItems = pgTable(
  'batch_items',
  {
    tenantId: uuid().notNull(),
    batchId: uuid().notNull(),
    line: integer().notNull(),
    leadId: uuid(),
    outcome: text().$type<LineOutcome>().notNull(),
    state: text().$type<ItemState>().notNull(),
    errors: jsonb().$type<LineError[]>().notNull().default([]),
    createdAt: moment().notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.batchId, t.line] }),
    index('batch_items_next').on(t.tenantId, t.batchId, t.line).where(sql`state = 'pending'`),
    index('batch_items_pending').on(t.tenantId, t.leadId).where(sql`state = 'pending'`),
    foreignKey({ columns: [t.tenantId, t.batchId], foreignColumns: [leadBatches.tenantId, leadBatches.id] }),
    foreignKey({ columns: [t.tenantId, t.leadId], foreignColumns: [leads.tenantId, leads.id] }),
    tenantPolicy('batch_items'),
  ],
);
