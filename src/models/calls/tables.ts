import { sql } from 'drizzle-orm';
import {
  bigint,
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
import { moment, tenantKey, withLeadPolicy } from '../../runtime/database/columns.ts';

/** Transcript of one skill's call: what was asked, what came back, what it cost. */
export const modelCalls = pgTable(
  'model_calls',
  {
    ...tenantKey,
    agentRunId: uuid(),
    leadId: uuid(),
    skill: text().notNull(),
    /** Names the work whose answer this is, whatever attempt gave it; null on calls that are older than such names. */
    activity: text(),
    /** Model id, or `offline` when the skill's own method answered. */
    generatedBy: text().notNull(),
    request: jsonb().$type<unknown>().notNull(),
    response: jsonb().$type<unknown>(),
    error: text(),
    inputTokens: integer().notNull().default(0),
    outputTokens: integer().notNull().default(0),
    costMicroUsd: bigint({ mode: 'number' }).notNull().default(0),
    durationMs: integer().notNull(),
    createdBy: uuid().notNull(),
    createdAt: moment().notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index('model_calls_agent_run').on(t.tenantId, t.agentRunId),
    uniqueIndex('model_calls_activity').on(t.tenantId, t.activity).where(sql`activity is not null`),
    index('model_calls_created_at').on(t.tenantId, t.createdAt),
    foreignKey({ columns: [t.tenantId], foreignColumns: [tenants.id] }),
    foreignKey({ columns: [t.tenantId, t.leadId], foreignColumns: [leads.tenantId, leads.id] }),
    withLeadPolicy('model_calls'),
  ],
);
