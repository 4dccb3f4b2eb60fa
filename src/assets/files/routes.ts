import { z } from '@hono/zod-openapi';
import { defineRoute, idParam, momentField, type Route } from '../../api/kit/index.ts';
import { AgosError } from '../../kernel/errors.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { type AssetRow, findAsset } from './repository.ts';
import type { AssetStore } from './store.ts';

const assetView = z
  .strictObject({
    id: z.uuid(),
    kind: z.enum(['screenshot', 'report_html', 'import_file']),
    lead_id: z.uuid().nullable(),
    filename: z.string(),
    mime: z.string(),
    size_bytes: z.number().int(),
    sha256: z.string(),
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
    filename: asset.filename,
    mime: asset.mime,
    size_bytes: asset.sizeBytes,
    sha256: asset.digest,
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
      request: { params },
      responses: { 200: { description: 'The file.', schema: assetView } },
      handler: async ({ tx, scope, params: { id } }) => ({
        status: 200,
        body: toView(await requireAsset(tx, scope.tenant, id)),
      }),
    }),
  ];
}

async function requireAsset(tx: Tx, tenant: string, id: string): Promise<AssetRow> {
  const asset = await findAsset(tx, tenant, id);
  if (!asset) throw new AgosError('not_found', 'There is no such file.');
  return asset;
}
