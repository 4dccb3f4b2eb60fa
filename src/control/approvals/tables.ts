import { sql } from 'drizzle-orm';
import { foreignKey, index, jsonb, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { tenants } from '../../access/tenants/tables.ts';
import type { Role } from '../../kernel/actor.ts';
import { leads } from '../../leads/leads/tables.ts';
import { moment, tenantKey, withLeadPolicy } from '../../runtime/database/columns.ts';
import type { ApprovalKind, ApprovalOutcome, ApprovalStatus } from './rules.ts';

/** A wait for a person: what exactly is decided, who may, until when, and what happens otherwise. */
export const approvals = pgTable(
  'approvals',
  {
    ...tenantKey,
    kind: text().$type<ApprovalKind>().notNull(),
    runId: uuid().notNull(),
    workflowId: text().notNull(),
    leadId: uuid(),
    /** The exact arguments that are decided on, and their SHA-256: other arguments ask again. */
    arguments: jsonb().$type<Record<string, unknown>>().notNull(),
    argumentsDigest: text().notNull(),
    policyVersion: text().notNull(),
    decidableBy: text().array().$type<Role[]>().notNull(),
    defaultOutcome: text().$type<ApprovalOutcome>().notNull(),
    expiresAt: moment().notNull(),
    status: text().$type<ApprovalStatus>().notNull().default('open'),
    outcome: text().$type<ApprovalOutcome>(),
    reason: text(),
    decidedBy: uuid(),
    /** `ticket` proves who decided; `unauthenticated` came through the Temporal Web UI. */
    decidedVia: text().$type<'ticket' | 'unauthenticated' | 'expiry'>(),
    decidedAt: moment(),
    createdBy: uuid().notNull(),
    createdAt: moment().notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index('approvals_open').on(t.tenantId, t.expiresAt).where(sql`status = 'open'`),
    uniqueIndex('approvals_one_per_run').on(t.tenantId, t.runId, t.kind),
    foreignKey({ columns: [t.tenantId], foreignColumns: [tenants.id] }),
    foreignKey({ columns: [t.tenantId, t.leadId], foreignColumns: [leads.tenantId, leads.id] }),
    withLeadPolicy('approvals'),
  ],
);
