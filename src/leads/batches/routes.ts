import { z } from '@hono/zod-openapi';
import { defineRoute, displayName, idParam, pageFields, pageOf, type Route } from '../../api/kit/index.ts';
import type { AssetStore } from '../../assets/files/store.ts';
import { type CancelDeps, cancelRun } from '../../journal/runs/cancel-run.ts';
import type { RunRow } from '../../journal/runs/repository.ts';
import { runView, toRunView } from '../../journal/runs/schemas.ts';
import { AgosError } from '../../kernel/errors.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { SPELLINGS } from './columns.ts';
import { createBatch, MAX_CSV_BYTES, MAX_JSON_BYTES, putBatchFile } from './create-batch.ts';
import { MAX_PARTS } from './json-size.ts';
import { MAX_LINES } from './line-limit.ts';
import { type BatchRow, countItems, findBatch, listBatches, listItems } from './repository.ts';
import { BATCH_STATUSES, isBatchOpen } from './rules.ts';
import { type BatchView, batchItemView, batchView, createBatchQuery, itemFilter } from './schemas.ts';
import { toBatchItemView, toBatchView } from './view.ts';

export type BatchRoutesDeps = {
  assets: Pick<AssetStore, 'put' | 'record'>;
  /** Starts a committed run, now or by the sweep. */
  startSoon(run: RunRow): Promise<unknown>;
  cancel: CancelDeps;
};

const tag = 'Batches';
const params = z.strictObject({ id: idParam });

/** Imports of leads: start one, list them, follow one line by line, cancel it. */
export function batchRoutes(deps: BatchRoutesDeps): readonly Route[] {
  return [createRoute(deps), listRoute, getRoute, itemsRoute, cancelRoute(deps)];
}

const OPTIONAL_COLUMNS = Object.keys(SPELLINGS)
  .filter((field) => field !== 'url')
  .map((field) => `\`${field}\``)
  .join(', ');

const createRoute = (deps: BatchRoutesDeps) =>
  defineRoute({
    method: 'post',
    path: '/v1/batches',
    operationId: 'createBatch',
    summary: 'Import leads from a file',
    description: `The body is the file: CSV with a line of column names (${MAX_CSV_BYTES / 1e6} MB at most), or a JSON array of rows or the JSON of an Airtable view (${MAX_JSON_BYTES / 1e6} MB, ${MAX_PARTS.toLocaleString('en')} values). It may have ${MAX_LINES.toLocaleString('en')} lines or rows. \`url\` is required; the other columns that are known are ${OPTIONAL_COLUMNS}. Common spellings of each count too, such as \`Website\` or \`E-mail\`; every other column becomes metadata of its lead.`,
    tag,
    permission: 'batches:write',
    request: { query: createBatchQuery, body: { bytes: ['text/csv', 'application/json'] } },
    maxBodyBytes: MAX_CSV_BYTES,
    responses: {
      202: {
        description: 'The batch, and the run that imports it.',
        schema: z.strictObject({ batch: batchView, run: runView }),
        headers: { location: 'Address of the run.' },
      },
    },
    errors: ['permission_denied', 'storage_unavailable'],
    prepare: async (ctx) => {
      if (ctx.query.triage && !ctx.identity.permissions.has('triage:run')) {
        throw new AgosError(
          'permission_denied',
          'You may import leads but not start scans: use triage=false.',
        );
      }
      return putBatchFile(deps.assets, ctx.scope.tenant, ctx.body);
    },
    handler: async (ctx) => {
      const { batch, run } = await createBatch(
        { ...ctx, assets: deps.assets },
        { ...ctx.query, file: ctx.prepared },
      );
      return {
        status: 202,
        body: { batch: toBatchView(batch), run: toRunView(run) },
        headers: { location: `/v1/runs/${run.id}` },
        afterCommit: () => deps.startSoon(run),
      };
    },
  });

const listRoute = defineRoute({
  method: 'get',
  path: '/v1/batches',
  operationId: 'listBatches',
  summary: 'List imports',
  tag,
  permission: 'batches:read',
  request: {
    query: z.strictObject({
      ...pageFields(['-created_at']),
      status: z.enum(BATCH_STATUSES).optional(),
    }),
  },
  responses: { 200: { description: 'A page of batches.', schema: pageOf(batchView) } },
  handler: async (ctx) => {
    const page = ctx.paging.open(ctx.query);
    const { tenant } = ctx.scope;
    const found = await listBatches(ctx.tx, tenant, ctx.query, page);
    const counts = await countItems(
      ctx.tx,
      tenant,
      found.rows.map((row) => row.id),
    );
    const body = ctx.paging.seal(found, page, (row) => toBatchView(row, counts.get(row.id)));
    return { status: 200, body };
  },
});

const getRoute = defineRoute({
  method: 'get',
  path: '/v1/batches/{id}',
  operationId: 'getBatch',
  summary: 'Get an import with its counts',
  tag,
  permission: 'batches:read',
  request: { params },
  responses: { 200: { description: 'The batch.', schema: batchView } },
  errors: ['not_found'],
  handler: async (ctx) => {
    const batch = await requireBatch(ctx.tx, ctx.scope.tenant, ctx.params.id);
    return { status: 200, body: await viewOf(ctx.tx, batch) };
  },
});

const itemsRoute = defineRoute({
  method: 'get',
  path: '/v1/batches/{id}/items',
  operationId: 'listBatchItems',
  summary: 'List the lines of an import',
  tag,
  permission: 'batches:read',
  request: { params, query: z.strictObject({ ...pageFields(['line']), ...itemFilter }) },
  responses: { 200: { description: 'A page of lines.', schema: pageOf(batchItemView) } },
  errors: ['not_found'],
  handler: async (ctx) => {
    const batch = await requireBatch(ctx.tx, ctx.scope.tenant, ctx.params.id);
    const page = ctx.paging.open(ctx.query);
    const found = await listItems(ctx.tx, batch, ctx.query, page);
    return { status: 200, body: ctx.paging.seal(found, page, toBatchItemView) };
  },
});

const cancelRoute = (deps: BatchRoutesDeps) =>
  defineRoute({
    method: 'post',
    path: '/v1/batches/{id}/cancel',
    operationId: 'cancelBatch',
    summary: 'Cancel an import',
    description:
      'Lines without a result become unprocessed and running scans of this import are cancelled; leads stay. 200 when it has ended, 202 while it is ending.',
    tag,
    permission: 'batches:write',
    transaction: 'none',
    whileSuspended: true,
    request: { params, body: z.strictObject({ reason: displayName(500).optional() }).optional() },
    responses: {
      200: { description: 'The batch has ended.', schema: batchView },
      202: { description: 'The import was told and is ending.', schema: batchView },
    },
    errors: ['not_found', 'run_ended', 'temporal_unavailable'],
    handler: async (ctx) => {
      const { scope, db } = ctx;
      const read = <T>(fn: (tx: Tx) => Promise<T>) => db.withTenant(scope, fn);
      const batch = await read((tx) => requireBatch(tx, scope.tenant, ctx.params.id));
      // A cancelled one may be cancelled again by who did it: the run knows.
      const mayEnd = isBatchOpen(batch.status) || batch.status === 'cancelled';
      if (!batch.runId || !mayEnd) {
        throw new AgosError('run_ended', 'This import has ended already.');
      }
      await cancelRun(deps.cancel, ctx, { id: batch.runId, reason: ctx.body?.reason ?? null });
      const body = await read(async (tx) => viewOf(tx, await requireBatch(tx, scope.tenant, ctx.params.id)));
      return { status: isBatchOpen(body.status) ? 202 : 200, body };
    },
  });

async function requireBatch(tx: Tx, tenant: string, id: string): Promise<BatchRow> {
  const batch = await findBatch(tx, tenant, id);
  if (!batch) throw new AgosError('not_found', 'There is no such batch.');
  return batch;
}

async function viewOf(tx: Tx, batch: BatchRow): Promise<BatchView> {
  const counts = await countItems(tx, batch.tenantId, [batch.id]);
  return toBatchView(batch, counts.get(batch.id));
}
