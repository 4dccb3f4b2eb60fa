import { z } from '@hono/zod-openapi';
import { momentField } from '../../api/kit/index.ts';
import type { RunRow } from './repository.ts';
import { RUN_KINDS, RUN_STATUSES } from './rules.ts';

/** A run as the API shows it. */
export const runView = z
  .strictObject({
    id: z.uuid(),
    kind: z.enum(RUN_KINDS),
    status: z.enum(RUN_STATUSES),
    workflow_id: z.string(),
    lead_id: z.uuid().nullable(),
    subject_id: z.uuid().nullable(),
    /** Domain, URL or name of what it works on. */
    target: z.string().nullable(),
    end: z.strictObject({ code: z.string().nullable(), message: z.string().nullable() }).nullable(),
    created_by: z.uuid(),
    requested_at: momentField,
    started_at: momentField.nullable(),
    cancel_requested_at: momentField.nullable(),
    ended_at: momentField.nullable(),
  })
  .openapi('Run');

/** Shows a run's row; other areas use it where their answers carry a run. */
export const toRunView = (run: RunRow): z.input<typeof runView> => ({
  id: run.id,
  kind: run.kind,
  status: run.status,
  workflow_id: run.workflowId,
  lead_id: run.leadId,
  subject_id: run.subjectId,
  target: run.target,
  end: run.endedAt && { code: run.endCode, message: run.endMessage },
  created_by: run.createdBy,
  requested_at: run.requestedAt.toISOString(),
  started_at: run.startedAt?.toISOString() ?? null,
  cancel_requested_at: run.cancelRequestedAt?.toISOString() ?? null,
  ended_at: run.endedAt?.toISOString() ?? null,
});

/** Address of a run, for the Location header of answers that start work. */
export const runLocation = (id: string): string => `/v1/runs/${id}`;

export type RunView = z.output<typeof runView>;
