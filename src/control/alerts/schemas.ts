import { z } from '@hono/zod-openapi';
import { flagParam, momentField } from '../../api/kit/index.ts';
import type { AlertRow } from './repository.ts';
import { ALERT_KINDS, ALERT_RESOLUTIONS, ALERT_SEVERITIES, ALERT_STATUSES } from './rules.ts';

/** One alert as API and command line show it. */
export const alertView = z
  .strictObject({
    id: z.uuid(),
    kind: z.enum(ALERT_KINDS),
    subject: z.string().openapi({
      description:
        'What it is about: a hold code, a kind of run, a queue, or the period and level of a limit.',
    }),
    severity: z.enum(ALERT_SEVERITIES),
    status: z.enum(ALERT_STATUSES),
    summary: z.string().openapi({ description: 'What is so, and what to do.' }),
    count: z.number().int().openapi({ description: 'How often the cause has come up since it was raised.' }),
    first_seen_at: momentField,
    last_seen_at: momentField,
    acknowledged_at: momentField.nullable(),
    /** Member or key. */
    acknowledged_by: z.string().nullable(),
    acknowledged_note: z.string().nullable(),
    resolved_at: momentField.nullable(),
    resolution: z.enum(ALERT_RESOLUTIONS).nullable(),
    resolved_by: z.string().nullable(),
    resolved_note: z.string().nullable(),
  })
  .openapi('Alert');
export type AlertView = z.output<typeof alertView>;

/** Shows an alert's row. */
export const toAlertView = (row: AlertRow): AlertView => ({
  id: row.id,
  kind: row.kind,
  subject: row.subject,
  severity: row.severity,
  status: row.status,
  summary: row.summary,
  count: row.count,
  first_seen_at: row.firstSeenAt.toISOString(),
  last_seen_at: row.lastSeenAt.toISOString(),
  acknowledged_at: row.acknowledgedAt?.toISOString() ?? null,
  acknowledged_by: row.acknowledgedBy,
  acknowledged_note: row.acknowledgedNote,
  resolved_at: row.resolvedAt?.toISOString() ?? null,
  resolution: row.resolution,
  resolved_by: row.resolvedBy,
  resolved_note: row.resolvedNote,
});

/** Which alerts. */
export const filterFields = {
  status: z.enum(ALERT_STATUSES).optional(),
  open: flagParam.optional().openapi({ description: '`true`: raised or acknowledged; `false`: resolved.' }),
  kind: z.enum(ALERT_KINDS).optional(),
  severity: z.enum(ALERT_SEVERITIES).optional(),
};
