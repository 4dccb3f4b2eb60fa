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
  uuid,
} from 'drizzle-orm/pg-core';
import { tenants } from '../../access/tenants/tables.ts';
import type { HoldCode } from '../../kernel/holds.ts';
import { leads } from '../../leads/leads/tables.ts';
import {
  moment,
  systemReadPolicy,
  tenantKey,
  timestamps,
  withLeadPolicy,
} from '../../runtime/database/columns.ts';

/** One triage of one URL: the figures as they were found, and what was made of them. */
export const audits = pgTable(
  'audits',
  {
    ...tenantKey,
    /** Null for a one-off audit that keeps no lead. */
    leadId: uuid(),
    runId: uuid().notNull(),
    agentRunId: uuid(),
    url: text().notNull(),
    finalUrl: text(),
    status: text().$type<'running' | 'awaiting' | 'completed' | 'held'>().notNull().default('running'),
    playbookSlug: text().notNull(),
    playbookVersion: text().notNull(),
    agentSlug: text().notNull(),
    agentVersion: text().notNull(),
    /** Facts by step: fetch, page, links, lighthouse. Steps that did not run are absent. */
    facts: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    score: numeric({ precision: 5, scale: 2, mode: 'number' }),
    decision: text().$type<'qualified' | 'disqualified'>(),
    /** Who settled the decision: the score alone, a person, or the expiry of the wait. */
    decidedBy: text().$type<'score' | 'person' | 'expiry'>(),
    reasons: jsonb().$type<string[]>().notNull().default([]),
    signals: jsonb().$type<unknown[]>().notNull().default([]),
    /** `instead_of_model`: why a model that could have been asked did not write it. */
    summary: jsonb().$type<{ text: string; generated_by: string; instead_of_model?: string } | null>(),
    phoneScreenshotId: uuid(),
    desktopScreenshotId: uuid(),
    reportAssetId: uuid(),
    holdCode: text().$type<HoldCode>(),
    holdMessage: text(),
    durationMs: integer(),
    /** CPU time of its scans and cost of scans and model calls, every attempt included. */
    cpuMs: bigint({ mode: 'number' }).notNull().default(0),
    costMicroUsd: bigint({ mode: 'number' }).notNull().default(0),
    createdBy: uuid().notNull(),
    ...timestamps,
    completedAt: moment(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index('audits_lead').on(t.tenantId, t.leadId, t.createdAt),
    index('audits_run').on(t.tenantId, t.runId),
    index('audits_completed').on(t.completedAt, t.tenantId),
    index('audits_in_flight').on(t.id).where(sql`status in ('running', 'awaiting')`),
    foreignKey({ columns: [t.tenantId], foreignColumns: [tenants.id] }),
    foreignKey({ columns: [t.tenantId, t.leadId], foreignColumns: [leads.tenantId, leads.id] }),
    withLeadPolicy('audits'),
    systemReadPolicy('audits'),
  ],
);
