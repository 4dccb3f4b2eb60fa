import { sql } from 'drizzle-orm';
import { bigint, index, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import type { Actor } from '../../kernel/actor.ts';
import { moment, withLeadPolicy } from '../../runtime/database/columns.ts';
import type { EventType } from './rules.ts';

/**
 * What happened in a tenant, in the order in which it was committed. Triggers write it as a transaction
 * commits; the runtime role only reads. No foreign keys: they would lock rows at that moment.
 */
export const events = pgTable(
  'events',
  {
    tenantId: uuid().notNull(),
    /** Without gaps, and never smaller than what was committed before: one number is a cursor. */
    seq: bigint({ mode: 'number' }).notNull(),
    id: uuid().notNull(),
    type: text().$type<EventType>().notNull(),
    leadId: uuid(),
    runId: uuid(),
    batchId: uuid(),
    approvalId: uuid(),
    auditId: uuid(),
    /** Ids, codes and states. */
    data: jsonb().$type<Record<string, unknown>>().notNull(),
    actorKind: text().$type<Actor['kind']>(),
    actorId: uuid(),
    /** Who made what the event is about. */
    createdBy: uuid().notNull(),
    at: moment().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.seq] }),
    index('events_run').on(t.tenantId, t.runId, t.seq).where(sql`run_id is not null`),
    index('events_lead').on(t.tenantId, t.leadId, t.seq).where(sql`lead_id is not null`),
    withLeadPolicy('events'),
  ],
);
