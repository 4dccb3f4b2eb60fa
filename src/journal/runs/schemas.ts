import { z } from '@hono/zod-openapi';
import type { RunRow } from './repository.ts';
import { RUN_KINDS, RUN_STATUSES } from './rules.ts';

const moment = z.iso.datetime();

export const runView = z
  .strictObject({
    id: z.uuid(),
    kind: z.enum(RUN_KINDS),
    workflow_id: z.string(),
    status: z.enum(RUN_STATUSES),
    lead_id: z.uuid().nullable(),
    subject_id: z.uuid().nullable(),
    target: z.string().nullable(),
    /** Why it ended without a result, when it did. */
    end: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
    requested_at: moment,
    started_at: moment.nullable(),
    claimed_at: moment.nullable(),
    cancel_requested_at: moment.nullable(),
    ended_at: moment.nullable(),
    created_by: z.uuid(),
  })
  .openapi('Run');
export type RunView = z.output<typeof runView>;

/** A run as the API shows it. */
export function toRunView(row: RunRow): RunView {
  return {
    id: row.id,
    kind: row.kind,
    workflow_id: row.workflowId,
    status: row.status,
    lead_id: row.leadId,
    subject_id: row.subjectId,
    target: row.target,
    end: row.endCode ? { code: row.endCode, message: row.endMessage ?? '' } : null,
    requested_at: row.requestedAt.toISOString(),
    started_at: row.startedAt?.toISOString() ?? null,
    claimed_at: row.claimedAt?.toISOString() ?? null,
    cancel_requested_at: row.cancelRequestedAt?.toISOString() ?? null,
    ended_at: row.endedAt?.toISOString() ?? null,
    created_by: row.createdBy,
  };
}
