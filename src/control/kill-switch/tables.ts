import { sql } from 'drizzle-orm';
import { foreignKey, index, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { tenants } from '../../access/tenants/tables.ts';
import { runs } from '../../journal/runs/tables.ts';
import { leads } from '../../leads/leads/tables.ts';
import {
  globalReadPolicy,
  moment,
  systemReadPolicy,
  tenantKey,
  tenantPolicy,
  withLeadPolicy,
} from '../../runtime/database/columns.ts';
import type { StepOutcome } from './rules.ts';

/** The server's clock: what started before or after a switch must not depend on whose machine said so. */
const serverMoment = () => moment().notNull().default(sql`clock_timestamp()`);

const offFields = { turnedOffAt: moment(), turnedOffReason: text() };

/** Each time the work of one tenant was stopped: the switch is on while one of them is not turned off. */
export const killSwitches = pgTable(
  'kill_switches',
  {
    ...tenantKey,
    reason: text().notNull(),
    turnedOnAt: serverMoment(),
    turnedOnBy: uuid().notNull(),
    ...offFields,
    turnedOffBy: uuid(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    uniqueIndex('kill_switches_one_on').on(t.tenantId).where(sql`turned_off_at is null`),
    foreignKey({ columns: [t.tenantId], foreignColumns: [tenants.id] }),
    tenantPolicy('kill_switches'),
    systemReadPolicy('kill_switches'),
  ],
);

/** Each time everybody's work was stopped; only the owner's connection writes. */
export const globalKillSwitches = pgTable(
  'global_kill_switches',
  {
    id: uuid().primaryKey(),
    reason: text().notNull(),
    turnedOnAt: serverMoment(),
    /** Who ran the command, as that machine knows them. */
    turnedOnBy: text().notNull(),
    ...offFields,
    turnedOffBy: text(),
  },
  () => [
    uniqueIndex('global_kill_switches_one_on').on(sql`(true)`).where(sql`turned_off_at is null`),
    globalReadPolicy('global_kill_switches'),
    systemReadPolicy('global_kill_switches'),
  ],
);

/** One attempt of a step that opens a stranger's site or asks a model; not ended means at work, or lost. */
export const runSteps = pgTable(
  'run_steps',
  {
    ...tenantKey,
    runId: uuid().notNull(),
    leadId: uuid(),
    step: text().notNull(),
    /** Machine and process that do it. */
    worker: text().notNull(),
    startedAt: serverMoment(),
    endedAt: moment(),
    outcome: text().$type<StepOutcome>(),
    createdBy: uuid().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index('run_steps_open').on(t.tenantId, t.runId).where(sql`ended_at is null`),
    index('run_steps_ended').on(t.endedAt),
    foreignKey({ columns: [t.tenantId], foreignColumns: [tenants.id] }),
    foreignKey({ columns: [t.tenantId, t.runId], foreignColumns: [runs.tenantId, runs.id] }),
    foreignKey({ columns: [t.tenantId, t.leadId], foreignColumns: [leads.tenantId, leads.id] }),
    withLeadPolicy('run_steps'),
  ],
);
