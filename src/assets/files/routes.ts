import { z } from '@hono/zod-openapi';
import { defineRoute, idParam, momentField, pageFields, pageOf, type Route } from '../../api/kit/index.ts';
import { AgosError } from '../../kernel/errors.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { type AssetRow, findAsset, listAssets, listVersions } from './repository.ts';
import type { AssetStore } from './store.ts';

const assetKind = z.enum(['screenshot', 'report_html', 'import_file']);

const assetView = z
  .strictObject({
    id: z.uuid(),
    kind: assetKind,
    lead_id: z.uuid().nullable(),
    audit_id: z.uuid().nullable().openapi({ description: 'The audit that it was made for.' }),
    version: z.int().openapi({ description: 'Counts the files of one lead, kind and name.' }),
    is_latest: z.boolean(),
    filename: z.string(),
    mime: z.string(),
    size_bytes: z.number().int(),
    sha256: z.string(),
    storage_provider: z.enum(['folder', 's3']),
    url: z.url().openapi({ description: 'Works without credentials for an hour.' }),
    created_by: z.uuid(),
    created_at: momentField,
  })
  .openapi('Asset');

const tag = 'Assets';
const params = z.strictObject({ id: idParam });

/** Stored files: screenshots, reports, imports. */
export function assetRoutes(deps: { assets: AssetStore }): readonly Route[] {
  const toView = (asset: AssetRow): z.input<typeof assetView> => ({
    id: asset.id,
    kind: asset.kind,
    lead_id: asset.leadId,
    audit_id: asset.auditId,
    version: asset.version,
    is_latest: asset.isLatest,
    filename: asset.filename,
    mime: asset.mime,
    size_bytes: asset.sizeBytes,
    sha256: asset.digest,
    storage_provider: asset.storageProvider,
    url: deps.assets.signedUrl(asset),
    created_by: asset.createdBy,
    created_at: asset.createdAt.toISOString(),
  });
  return [
    defineRoute({
      method: 'get',
      path: '/v1/assets/{id}',
      operationId: 'openAsset',
      summary: 'Open a file',
      tag,
      permission: 'assets:read',
      request: { params },
      responses: { 303: { description: 'Its signed link.', headers: { Location: 'Works for an hour.' } } },
      handler: async ({ tx, scope, params: { id } }) => {
        const asset = await requireAsset(tx, scope.tenant, id);
        return { status: 303, headers: { location: deps.assets.signedUrl(asset) } };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/assets/{id}/metadata',
      operationId: 'getAsset',
      summary: 'What a file is, with its signed link',
      tag,
      permission: 'assets:read',
      transaction: 'read_once',
      request: { params },
      responses: { 200: { description: 'The file.', schema: assetView } },
      handler: async ({ tx, scope, params: { id } }) => ({
        status: 200,
        body: toView(await requireAsset(tx, scope.tenant, id)),
      }),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/assets',
      operationId: 'listAssets',
      summary: 'List files',
      tag,
      permission: 'assets:read',
      transaction: 'read_once',
      request: {
        query: z.strictObject({
          ...pageFields(['-created_at']),
          lead_id: z.uuid().optional(),
          kind: assetKind.optional(),
          latest: z
            .enum(['true', 'false'])
            .transform((word) => word === 'true')
            .optional()
            .openapi({ description: 'Only the latest versions, or only older ones.' }),
        }),
      },
      responses: { 200: { description: 'A page of files.', schema: pageOf(assetView) } },
      handler: async (ctx) => {
        const page = ctx.paging.open(ctx.query);
        const found = await listAssets(ctx.tx, ctx.scope.tenant, ctx.query, page);
        return { status: 200, body: ctx.paging.seal(found, page, toView) };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/assets/{id}/versions',
      operationId: 'listAssetVersions',
      summary: 'List the versions of a file',
      tag,
      permission: 'assets:read',
      request: { params, query: z.strictObject(pageFields(['-version'])) },
      responses: { 200: { description: 'A page of versions, the latest first.', schema: pageOf(assetView) } },
      errors: ['not_found'],
      handler: async (ctx) => {
        const asset = await requireAsset(ctx.tx, ctx.scope.tenant, ctx.params.id);
        const page = ctx.paging.open(ctx.query);
        const found = await listVersions(ctx.tx, asset, page);
        return { status: 200, body: ctx.paging.seal(found, page, toView) };
      },
    }),
  ];
}

async function requireAsset(tx: Tx, tenant: string, id: string): Promise<AssetRow> {
  const asset = await findAsset(tx, tenant, id);
  if (!asset) throw new AgosError('not_found', 'There is no such file.');
  return asset;
}
