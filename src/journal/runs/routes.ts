import { z } from '@hono/zod-openapi';
import {
  defineRoute,
  displayName,
  idParam,
  momentField,
  pageFields,
  pageOf,
  type Route,
} from '../../api/kit/index.ts';
import { AgosError } from '../../kernel/errors.ts';
import { type CancelDeps, cancelRun } from './cancel-run.ts';
import { findRun, listRuns, type RunRow } from './repository.ts';
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
  end: run.endedAt && { code: run.endCode, message: run.endMessage },
  created_by: run.createdBy,
  requested_at: run.requestedAt.toISOString(),
  started_at: run.startedAt?.toISOString() ?? null,
  cancel_requested_at: run.cancelRequestedAt?.toISOString() ?? null,
  ended_at: run.endedAt?.toISOString() ?? null,
});

/** Address of a run, for the Location header of answers that start work. */
export const runLocation = (id: string): string => `/v1/runs/${id}`;

const tag = 'runs';
const params = z.strictObject({ id: idParam });

/** Follow and cancel work that was asked for. */
export function runRoutes(deps: CancelDeps): readonly Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/runs',
      operationId: 'listRuns',
      summary: 'List runs',
      tag,
      permission: 'runs:read',
      request: {
        query: z.strictObject({
          ...pageFields(['-requested_at']),
          status: z.enum(RUN_STATUSES).optional(),
          kind: z.enum(RUN_KINDS).optional(),
          lead_id: z.uuid().optional(),
        }),
      },
      responses: { 200: { description: 'Runs, newest first.', schema: pageOf(runView) } },
      handler: async ({ tx, scope, query, paging }) => {
        const page = paging.open(query);
        const filter = { status: query.status, kind: query.kind, leadId: query.lead_id };
        const found = await listRuns(tx, scope.tenant, filter, page);
        return { status: 200, body: paging.seal(found, page, toRunView) };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/runs/{id}',
      operationId: 'getRun',
      summary: 'Follow a run',
      description: 'Readable from the moment it was asked for, also before Temporal has seen it.',
      tag,
      permission: 'runs:read',
      request: { params },
      responses: { 200: { description: 'The run.', schema: runView } },
      handler: async ({ tx, scope, params: { id } }) => {
        const run = await findRun(tx, scope.tenant, id);
        if (!run) throw new AgosError('not_found', 'There is no such run.');
        return { status: 200, body: toRunView(run) };
      },
    }),
    cancelRoute(deps),
  ];
}

function cancelRoute(deps: CancelDeps): Route {
  return defineRoute({
    method: 'post',
    path: '/v1/runs/{id}/cancel',
    operationId: 'cancelRun',
    summary: 'Cancel a run',
    description:
      'A run that Temporal has not seen ends at once (200). Else its workflow is told and ends by itself (202): follow the run.',
    tag,
    permission: 'runs:cancel',
    request: { params, body: z.strictObject({ reason: displayName(500).optional() }).optional() },
    responses: {
      200: { description: 'The run has ended.', schema: runView },
      202: { description: 'The workflow was told.', schema: runView, headers: { Location: 'The run.' } },
    },
    errors: ['run_ended', 'temporal_unavailable'],
    transaction: 'none',
    whileSuspended: true,
    handler: async (ctx) => {
      const run = await cancelRun(deps, ctx, { id: ctx.params.id, reason: ctx.body?.reason ?? null });
      if (run.endedAt) return { status: 200, body: toRunView(run) };
      return { status: 202, body: toRunView(run), headers: { location: runLocation(run.id) } };
    },
  });
}
