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
  uuid,
} from 'drizzle-orm/pg-core';
import { tenants } from '../../access/tenants/tables.ts';
import type { Room } from '../../kernel/rooms.ts';
import { leads } from '../../leads/leads/tables.ts';
import { moment, tenantKey, withLeadPolicy } from '../../runtime/database/columns.ts';
import type { AgentRunStatus } from './rules.ts';

/** One tool or step that an agent used. */
export type ToolCall = { name: string; duration_ms: number; success: boolean; error: string | null };

/** One execution of an agent: steps, tokens, cost. */
export const agentRuns = pgTable(
  'agent_runs',
  {
    ...tenantKey,
    agentSlug: text().notNull(),
    agentVersion: text().notNull(),
    playbookSlug: text(),
    playbookVersion: text(),
    room: text().$type<Room>().notNull(),
    trigger: text().$type<'api' | 'import' | 'schedule'>().notNull(),
    runId: uuid().notNull(),
    leadId: uuid(),
    auditId: uuid(),
    input: jsonb().$type<Record<string, unknown>>().notNull(),
    output: jsonb().$type<Record<string, unknown>>(),
    status: text().$type<AgentRunStatus>().notNull().default('running'),
    error: jsonb().$type<{ code: string; message: string }>(),
    inputTokens: integer().notNull().default(0),
    outputTokens: integer().notNull().default(0),
    totalTokens: integer().generatedAlwaysAs(sql`input_tokens + output_tokens`),
    costMicroUsd: bigint({ mode: 'number' }).notNull().default(0),
    toolsCalled: jsonb().$type<ToolCall[]>().notNull().default([]),
    createdBy: uuid().notNull(),
    startedAt: moment().notNull().defaultNow(),
    completedAt: moment(),
    durationMs: integer(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index('agent_runs_lead').on(t.tenantId, t.leadId),
    index('agent_runs_started_at').on(t.tenantId, t.startedAt),
    foreignKey({ columns: [t.tenantId], foreignColumns: [tenants.id] }),
    foreignKey({ columns: [t.tenantId, t.leadId], foreignColumns: [leads.tenantId, leads.id] }),
    withLeadPolicy('agent_runs'),
  ],
);
