import { z } from '@hono/zod-openapi';
import { and, eq } from 'drizzle-orm';
import { defineRoute, idParam, pageFields, pageOf, type Route } from '../../api/kit/index.ts';
import { type AssetRow, findAsset, findAssets } from '../../assets/files/repository.ts';
import { AgosError } from '../../kernel/errors.ts';
import { findLead } from '../../leads/leads/repository.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { keyset, type SortColumns, toPage } from '../../runtime/database/keyset.ts';
import { type AuditRow, findAudit } from './repository.ts';
import { auditView } from './schemas.ts';
import { audits } from './tables.ts';
import { type Links, toAuditView } from './view.ts';

export type AuditRoutesDeps = { links: Links };

const tag = 'Audits';
const params = z.strictObject({ id: idParam });
const SORTS = { created_at: { by: audits.createdAt, type: 'timestamptz' } } satisfies SortColumns;
const redirect = {
  description: 'The report, at a signed address that expires.',
  headers: { location: 'The address.' },
};

/** Audits and their reports. */
export function auditRoutes(deps: AuditRoutesDeps): readonly Route[] {
  return [getRoute(deps), listRoute(deps), auditReportRoute(deps), leadReportRoute(deps)];
}

const getRoute = ({ links }: AuditRoutesDeps) =>
  defineRoute({
    method: 'get',
    path: '/v1/audits/{id}',
    operationId: 'getAudit',
    summary: 'Get an audit: figures, signals, evidence, score',
    tag,
    permission: 'audits:read',
    request: { params },
    responses: { 200: { description: 'The audit.', schema: auditView } },
    errors: ['not_found'],
    handler: async (ctx) => {
      const row = await findAudit(ctx.tx, ctx.scope.tenant, ctx.params.id);
      if (!row) throw new AgosError('not_found', 'There is no such audit.');
      const files = await filesOf(ctx.tx, ctx.scope.tenant, [row]);
      return { status: 200, body: toAuditView(row, files, links) };
    },
  });

const listRoute = ({ links }: AuditRoutesDeps) =>
  defineRoute({
    method: 'get',
    path: '/v1/audits',
    operationId: 'listAudits',
    summary: 'List audits, of one lead or all',
    tag,
    permission: 'audits:read',
    request: { query: z.strictObject({ ...pageFields(['-created_at']), lead_id: z.uuid().optional() }) },
    responses: { 200: { description: 'A page of audits.', schema: pageOf(auditView) } },
    handler: async (ctx) => {
      const page = ctx.paging.open(ctx.query);
      const keys = keyset(page, SORTS, audits.id);
      const ofLead = ctx.query.lead_id ? eq(audits.leadId, ctx.query.lead_id) : undefined;
      const found = await ctx.tx
        .select({ row: audits, key: keys.key })
        .from(audits)
        .where(and(eq(audits.tenantId, ctx.scope.tenant), ofLead, keys.after))
        .orderBy(...keys.orderBy)
        .limit(keys.limit);
      const { rows, next } = toPage(found, page);
      const files = await filesOf(ctx.tx, ctx.scope.tenant, rows);
      const body = ctx.paging.seal({ rows, next }, page, (row) => toAuditView(row, files, links));
      return { status: 200, body };
    },
  });

const auditReportRoute = (deps: AuditRoutesDeps) =>
  defineRoute({
    method: 'get',
    path: '/v1/audits/{id}/report',
    operationId: 'getAuditReport',
    summary: 'Open the report of an audit',
    tag,
    permission: 'audits:read',
    request: { params },
    responses: { 303: redirect },
    errors: ['not_found'],
    handler: async (ctx) => {
      const audit = await findAudit(ctx.tx, ctx.scope.tenant, ctx.params.id);
      const asset = audit ? await reportOf(ctx.tx, audit) : null;
      if (!asset) throw new AgosError('not_found', 'There is no such report.');
      return { status: 303, headers: { location: deps.links.file(asset) } };
    },
  });

const leadReportRoute = (deps: AuditRoutesDeps) =>
  defineRoute({
    method: 'get',
    path: '/v1/leads/{id}/report',
    operationId: 'getLeadReport',
    summary: "Open the report of a lead's newest audit",
    tag,
    permission: 'audits:read',
    request: { params },
    responses: { 303: redirect },
    errors: ['not_found'],
    handler: async (ctx) => {
      const { tenant } = ctx.scope;
      const lead = await findLead(ctx.tx, tenant, ctx.params.id);
      const audit = lead?.latestAuditId ? await findAudit(ctx.tx, tenant, lead.latestAuditId) : null;
      const asset = audit ? await reportOf(ctx.tx, audit) : null;
      if (!asset) throw new AgosError('not_found', 'There is no such report.');
      return { status: 303, headers: { location: deps.links.file(asset) } };
    },
  });

async function reportOf(tx: Tx, audit: AuditRow): Promise<AssetRow | null> {
  return audit.reportAssetId === null ? null : findAsset(tx, audit.tenantId, audit.reportAssetId);
}

/** The pictures that these audits name, by id. */
async function filesOf(tx: Tx, tenant: string, rows: readonly AuditRow[]): Promise<Map<string, AssetRow>> {
  const ids = rows
    .flatMap((row) => [row.phoneScreenshotId, row.desktopScreenshotId])
    .filter((id) => id !== null);
  const files = await findAssets(tx, tenant, ids);
  return new Map(files.map((file) => [file.id, file]));
}
