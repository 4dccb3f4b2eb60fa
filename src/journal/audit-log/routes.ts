import { z } from '@hono/zod-openapi';
import { defineRoute, pagedText, pageFields, pageOf, READS_ONCE, type Route } from '../../api/kit/index.ts';
import type { TenantScope } from '../../kernel/actor.ts';
import type { Database } from '../../runtime/database/database.ts';
import { type AuditLogFilter, type AuditLogRow, listAuditLog } from './repository.ts';
import { CSV_HEADER, csvLine, entryView, filterFields, jsonLine, toEntryView, toFilter } from './schemas.ts';

const tag = 'Access';
const permission = 'audit_log:read';
const EXPORT_PAGE = 500;

const listRoute = defineRoute({
  method: 'get',
  path: '/v1/audit-log',
  operationId: 'listAuditLog',
  summary: 'List who did what, from where',
  tag,
  permission,
  transaction: 'read_once',
  request: { query: z.strictObject({ ...pageFields(['-at']), ...filterFields }) },
  responses: { 200: { description: 'Entries, newest first.', schema: pageOf(entryView) } },
  handler: async ({ tx, scope, query, paging }) => {
    const page = paging.open(query);
    const found = await listAuditLog(tx, scope.tenant, toFilter(query), page);
    return { status: 200, body: paging.seal(found, page, toEntryView) };
  },
});

const exportRoute = (
  form: { path: string; operationId: string; name: string; contentType: string; description?: string },
  [head, line]: [string, (row: AuditLogRow) => string],
) =>
  defineRoute({
    method: 'get',
    path: form.path,
    operationId: form.operationId,
    summary: `Export the audit log as ${form.name}`,
    ...(form.description && { description: form.description }),
    tag,
    permission,
    transaction: 'none',
    request: { query: z.strictObject(filterFields) },
    responses: { 200: { description: 'All entries, oldest first.', contentType: form.contentType } },
    handler: async (ctx) => {
      const filter = toFilter(ctx.query);
      const stream = pagedText(ctx, head, async (scope, after) => {
        const { rows, next } = await readPage(ctx.db, scope, filter, after);
        return { text: rows.map(line).join(''), next };
      });
      return { status: 200, stream };
    },
  });

type Position = Parameters<typeof listAuditLog>[3]['after'];

function readPage(db: Database, scope: TenantScope, filter: AuditLogFilter, after: Position) {
  const page = { limit: EXPORT_PAGE, sort: 'at' as const, direction: 'asc' as const, after };
  return db.withTenant(scope, (tx) => listAuditLog(tx, scope.tenant, filter, page), READS_ONCE);
}

/** Who did what, from where. */
export const auditLogRoutes: readonly Route[] = [
  listRoute,
  exportRoute(
    {
      path: '/v1/audit-log.csv',
      operationId: 'exportAuditLogCsv',
      name: 'CSV',
      contentType: 'text/csv',
      description: 'Cells that a spreadsheet would take for a formula get a quote mark in front.',
    },
    [CSV_HEADER, csvLine],
  ),
  exportRoute(
    {
      path: '/v1/audit-log.ndjson',
      operationId: 'exportAuditLogNdjson',
      name: 'lines of JSON',
      contentType: 'application/x-ndjson',
    },
    ['', jsonLine],
  ),
];
