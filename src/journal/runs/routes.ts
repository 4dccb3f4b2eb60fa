import { z } from '@hono/zod-openapi';
import { defineRoute, displayName, idParam, pageFields, pageOf, type Route } from '../../api/kit/index.ts';
import { AgosError } from '../../kernel/errors.ts';
import { type CancelDeps, cancelRun } from './cancel-run.ts';
import { findRun, listRuns } from './repository.ts';
import { RUN_KINDS, RUN_STATUSES } from './rules.ts';
import { runLocation, runView, toRunView } from './schemas.ts';

const tag = 'Runs';
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
      transaction: 'read_once',
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
      transaction: 'read_once',
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
      'A run that Temporal has not seen ends at once (200). Else its workflow is told and ends by itself (202): follow the run. While Temporal is away the request is kept (503) and delivered when it is back.',
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
