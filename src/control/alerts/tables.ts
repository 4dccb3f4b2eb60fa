import { sql } from 'drizzle-orm';
import { index, integer, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { moment, tenantKey, tenantPolicy } from '../../runtime/database/columns.ts';
import type { AlertKind, AlertResolution, AlertSeverity, AlertStatus } from './rules.ts';

/**
 * What people have to look at, from when it was raised until it was resolved. Alerts of the installation have
 * `INSTALLATION` for a tenant, which is none: hence no foreign key.
 */
export const alerts = pgTable(
  'alerts',
  {
    ...tenantKey,
    kind: text().$type<AlertKind>().notNull(),
    subject: text().notNull(),
    severity: text().$type<AlertSeverity>().notNull(),
    status: text().$type<AlertStatus>().notNull().default('raised'),
    summary: text().notNull(),
    /** How often the cause has come up: leads that were held, runs that fail, tasks that wait. */
    count: integer().notNull(),
    firstSeenAt: moment().notNull(),
    lastSeenAt: moment().notNull(),
    acknowledgedAt: moment(),
    /** Member or key; of the installation's alerts, who ran the command. */
    acknowledgedBy: text(),
    acknowledgedNote: text(),
    resolvedAt: moment(),
    resolution: text().$type<AlertResolution>(),
    resolvedBy: text(),
    resolvedNote: text(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    uniqueIndex('alerts_one_open').on(t.tenantId, t.kind, t.subject).where(sql`resolved_at is null`),
    index('alerts_settled').on(t.tenantId, t.resolvedAt).where(sql`resolution = 'person'`),
    tenantPolicy('alerts'),
  ],
);
