import { sql } from 'drizzle-orm';
import {
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import { tenants } from '../../access/tenants/tables.ts';
import { leads } from '../../leads/leads/tables.ts';
import { moment, systemReadPolicy, tenantKey, withLeadPolicy } from '../../runtime/database/columns.ts';
import type { RunKind, RunStatus } from './rules.ts';

/** One request to start a workflow, committed with the change that asked for it. */
export const runs = pgTable(
  'runs',
  {
    ...tenantKey,
    kind: text().$type<RunKind>().notNull(),
    workflowId: text().notNull(),
    input: jsonb().$type<Record<string, unknown>>().notNull(),
    leadId: uuid(),
    /** URL of a one-off audit; everything else is read from its rows. */
    target: text(),
    /** What the run works on besides a lead: an audit without lead, or a batch. */
    subjectId: uuid(),
    status: text().$type<RunStatus>().notNull().default('requested'),
    endCode: text(),
    endMessage: text(),
    createdBy: uuid().notNull(),
    requestId: text(),
    /** Where it was asked for, as W3C's `traceparent`; null where nothing was traced. */
    traceparent: text(),
    /** Latest Temporal run id seen; a reset makes a new one for the same workflow id. */
    temporalRunId: text(),
    /** First Temporal run of the chain that claimed the run: resets keep it, another start does not. */
    firstTemporalRunId: text(),
    requestedAt: moment().notNull().defaultNow(),
    startedAt: moment(),
    claimedAt: moment(),
    cancelRequestedAt: moment(),
    cancelRequestedBy: uuid(),
    cancelReason: text(),
    /** How often the workflow's own step has failed in a row, as last looked at. */
    taskFailures: integer().notNull().default(0),
    /** When the workflow was told; a request that could not be delivered is by the sweep. */
    cancelDeliveredAt: moment(),
    endedAt: moment(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    uniqueIndex('runs_one_open_per_workflow').on(t.tenantId, t.workflowId).where(sql`ended_at is null`),
    index('runs_open').on(t.requestedAt).where(sql`ended_at is null`),
    index('runs_ended').on(t.endedAt, t.tenantId),
    index('runs_lead').on(t.tenantId, t.leadId),
    index('runs_failing').on(t.tenantId).where(sql`task_failures > 0 and ended_at is null`),
    foreignKey({ columns: [t.tenantId], foreignColumns: [tenants.id] }),
    foreignKey({ columns: [t.tenantId, t.leadId], foreignColumns: [leads.tenantId, leads.id] }),
    withLeadPolicy('runs'),
    systemReadPolicy('runs'),
  ],
);
